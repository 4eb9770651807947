package io.katajava.guest.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Small ELF files with just what our reader looks at. */
final class FakeElf {
  private static final byte[] NAMES = "\0.modinfo\0.shstrtab\0".getBytes(StandardCharsets.US_ASCII);

  private FakeElf() {}

  static byte[] program(boolean dynamic) {
    return elf(62, dynamic ? 3 : 1, new byte[0], new byte[0]);
  }

  static byte[] programFor(int machine) {
    return elf(machine, 1, new byte[0], new byte[0]);
  }

  static byte[] module(String... modinfo) {
    String info = String.join("\0", modinfo) + "\0";
    return elf(62, 0, new byte[0], info.getBytes(StandardCharsets.UTF_8));
  }

  /** A vmlinux, with or without the note by which QEMU enters it, padded to a size. */
  static byte[] vmlinux(boolean pvh, int padding) {
    ByteBuffer note = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
    note.putInt(4).putInt(4).putInt(pvh ? 18 : 6).put("Xen\0".getBytes(StandardCharsets.US_ASCII));
    byte[] tail = new byte[padding];
    for (int i = 0; i < padding; i++) {
      tail[i] = (byte) ((i * 31) >> 3);
    }
    return elf(62, 4, note.array(), tail);
  }

  private static byte[] elf(int machine, int headerType, byte[] segment, byte[] section) {
    int segmentAt = 64 + 56;
    int sectionAt = segmentAt + segment.length;
    int namesAt = sectionAt + section.length;
    int tableAt = namesAt + NAMES.length;
    ByteBuffer out = ByteBuffer.allocate(tableAt + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
    out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    out.putShort(16, (short) 2).putShort(18, (short) machine).putLong(32, 64).putLong(40, tableAt);
    out.putShort(54, (short) 56).putShort(56, (short) 1);
    out.putShort(58, (short) 64).putShort(60, (short) 3).putShort(62, (short) 2);
    out.putInt(64, headerType).putLong(64 + 8, segmentAt).putLong(64 + 32, segment.length);
    out.put(segmentAt, segment).put(sectionAt, section).put(namesAt, NAMES);
    out.putInt(tableAt + 64, 1)
        .putLong(tableAt + 88, sectionAt)
        .putLong(tableAt + 96, section.length);
    out.putInt(tableAt + 128, 10).putLong(tableAt + 152, namesAt);
    out.putLong(tableAt + 160, NAMES.length);
    return out.array();
  }
}
