package io.katajava.bench;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.cpio.CpioArchiveEntry;
import org.apache.commons.compress.archivers.cpio.CpioArchiveOutputStream;
import org.apache.commons.compress.archivers.cpio.CpioConstants;

/**
 * The least a guest can be: an initrd whose {@code /init} writes one line to the console and waits.
 * The program is written here byte by byte, so that the floor needs no compiler.
 */
final class FloorInitrd {
  /** What {@code /init} writes. */
  static final String LINE = "floor reached";

  private static final long BASE = 0x400000;
  private static final int HEADERS = 64 + 56;

  private FloorInitrd() {}

  static void write(Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file);
        CpioArchiveOutputStream cpio = new CpioArchiveOutputStream(out)) {
      entry(cpio, "dev", CpioConstants.C_ISDIR | 0755, new byte[0], false);
      // The kernel opens it as the first three descriptors of /init.
      entry(cpio, "dev/console", CpioConstants.C_ISCHR | 0600, new byte[0], true);
      entry(cpio, "init", CpioConstants.C_ISREG | 0755, program(), false);
    }
  }

  private static void entry(
      CpioArchiveOutputStream cpio, String name, int mode, byte[] content, boolean console)
      throws IOException {
    CpioArchiveEntry entry = new CpioArchiveEntry(CpioConstants.FORMAT_NEW, name);
    entry.setMode(mode);
    entry.setSize(content.length);
    if (console) {
      entry.setRemoteDeviceMaj(5);
      entry.setRemoteDeviceMin(1);
    }
    cpio.putArchiveEntry(entry);
    cpio.write(content);
    cpio.closeArchiveEntry();
  }

  /** An x86_64 ELF executable: write(1, LINE), then pause() for ever. */
  static byte[] program() {
    byte[] line = (LINE + "\n").getBytes(StandardCharsets.US_ASCII);
    ByteBuffer code = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    code.put((byte) 0xb8).putInt(1); // mov eax, SYS_write
    code.put((byte) 0xbf).putInt(1); // mov edi, 1
    int leaEnd = code.position() + 7;
    int textAt = 36;
    code.put((byte) 0x48).put((byte) 0x8d).put((byte) 0x35).putInt(textAt - leaEnd); // lea rsi
    code.put((byte) 0xba).putInt(line.length); // mov edx, length
    code.put((byte) 0x0f).put((byte) 0x05); // syscall
    int loop = code.position();
    code.put((byte) 0xb8).putInt(34); // mov eax, SYS_pause
    code.put((byte) 0x0f).put((byte) 0x05); // syscall
    code.put((byte) 0xeb).put((byte) (loop - (code.position() + 1))); // jmp loop
    code.position(textAt);
    code.put(line);
    int size = HEADERS + code.position();

    ByteBuffer elf = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0});
    elf.putShort((short) 2).putShort((short) 62).putInt(1); // EXEC, x86_64
    elf.putLong(BASE + HEADERS).putLong(64).putLong(0).putInt(0); // entry, program headers
    elf.putShort((short) 64).putShort((short) 56).putShort((short) 1);
    elf.putShort((short) 0).putShort((short) 0).putShort((short) 0);
    elf.putInt(1).putInt(5).putLong(0).putLong(BASE).putLong(BASE); // LOAD, read and execute
    elf.putLong(size).putLong(size).putLong(0x1000);
    elf.put(code.array(), 0, code.position());
    return elf.array();
  }
}
