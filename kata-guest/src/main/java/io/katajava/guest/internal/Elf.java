package io.katajava.guest.internal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The little of ELF64 that is needed: class, machine, program headers, one section. */
final class Elf {
  private static final int PT_INTERP = 3;
  private static final int PT_NOTE = 4;
  private static final int PHYS32_ENTRY = 18;

  private final ByteBuffer data;
  private final String name;

  private Elf(ByteBuffer data, String name) {
    this.data = data;
    this.name = name;
  }

  static boolean isElf(byte[] bytes) {
    return bytes.length > 64
        && bytes[0] == 0x7f
        && bytes[1] == 'E'
        && bytes[2] == 'L'
        && bytes[3] == 'F';
  }

  /**
   * Reads the header.
   *
   * @param bytes the whole file
   * @param name how errors call it
   * @throws IOException when it is not a 64-bit ELF file
   */
  static Elf parse(byte[] bytes, String name) throws IOException {
    if (!isElf(bytes)) {
      throw new IOException(name + " is not an ELF file");
    }
    if (bytes[4] != 2) {
      throw new IOException(name + " is not a 64-bit ELF file");
    }
    ByteOrder order = bytes[5] == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
    return new Elf(ByteBuffer.wrap(bytes).order(order), name);
  }

  static Elf read(Path file) throws IOException {
    return parse(Files.readAllBytes(file), file.toString());
  }

  /** The architecture in QEMU's spelling, or {@code machine N}. */
  String architecture() {
    int machine = data.getShort(18) & 0xffff;
    return switch (machine) {
      case 62 -> "x86_64";
      case 183 -> "aarch64";
      case 21 -> data.order() == ByteOrder.LITTLE_ENDIAN ? "ppc64le" : "ppc64";
      case 22 -> "s390x";
      case 243 -> "riscv64";
      default -> "machine " + machine;
    };
  }

  /** Whether it runs without a dynamic loader: no PT_INTERP among the program headers. */
  boolean isStatic() throws IOException {
    return programHeaders(PT_INTERP).isEmpty();
  }

  /** Whether QEMU can enter it by PVH: the Xen note PHYS32_ENTRY (18) is there. */
  boolean hasPvhEntry() throws IOException {
    for (long[] note : programHeaders(PT_NOTE)) {
      ByteBuffer notes = slice(note[0], note[1]);
      while (notes.remaining() >= 12) {
        int nameSize = notes.getInt();
        int size = notes.getInt();
        int type = notes.getInt();
        long skip = aligned(nameSize) + aligned(size);
        if (nameSize < 0 || size < 0 || skip > notes.remaining()) {
          break;
        }
        byte[] owner = new byte[nameSize];
        notes.duplicate().get(owner);
        if (type == PHYS32_ENTRY
            && new String(owner, StandardCharsets.US_ASCII).startsWith("Xen")) {
          return true;
        }
        notes.position(notes.position() + (int) skip);
      }
    }
    return false;
  }

  /** A section's bytes, empty when there is none of that name. */
  ByteBuffer section(String wanted) throws IOException {
    try {
      long table = data.getLong(40);
      int entrySize = data.getShort(58) & 0xffff;
      int count = data.getShort(60) & 0xffff;
      int namesIndex = data.getShort(62) & 0xffff;
      ByteBuffer names = sectionAt(table + (long) namesIndex * entrySize);
      for (int i = 0; i < count; i++) {
        long at = table + (long) i * entrySize;
        if (nameAt(names, data.getInt(Math.toIntExact(at))).equals(wanted)) {
          return sectionAt(at);
        }
      }
      return ByteBuffer.allocate(0);
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      throw new IOException(name + " is damaged: its section table leads outside the file", e);
    }
  }

  private ByteBuffer sectionAt(long header) throws IOException {
    int at = Math.toIntExact(header);
    return slice(data.getLong(at + 24), data.getLong(at + 32));
  }

  private List<long[]> programHeaders(int type) throws IOException {
    try {
      long table = data.getLong(32);
      int entrySize = data.getShort(54) & 0xffff;
      int count = data.getShort(56) & 0xffff;
      List<long[]> found = new ArrayList<>();
      for (int i = 0; i < count; i++) {
        int at = Math.toIntExact(table + (long) i * entrySize);
        if (data.getInt(at) == type) {
          found.add(new long[] {data.getLong(at + 8), data.getLong(at + 32)});
        }
      }
      return found;
    } catch (IndexOutOfBoundsException | ArithmeticException e) {
      throw new IOException(name + " is damaged: its program headers lead outside the file", e);
    }
  }

  private ByteBuffer slice(long offset, long size) throws IOException {
    if (offset < 0 || size < 0 || offset > data.capacity() - size) {
      throw new IOException(name + " is damaged: a section leads outside the file");
    }
    return data.slice((int) offset, (int) size).order(data.order());
  }

  private static String nameAt(ByteBuffer names, int offset) {
    int end = offset;
    while (names.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - offset];
    names.get(offset, bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private static long aligned(int size) {
    return (size + 3L) & ~3L;
  }
}
