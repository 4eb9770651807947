package io.katajava.guest.internal;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A program of two system calls: it ignores SIGCHLD, so that the kernel reaps every orphan it
 * inherits, and waits until it is killed. It starts faster and stays smaller (one page) than
 * anything with a C library.
 */
final class PauseProgram {
  /** Where it is in the guest. */
  static final String PATH = "/usr/lib/kata/pause";

  private static final long LOAD_ADDRESS = 0x400000;
  private static final int HEADERS = 64 + 56;

  private static final String X86_64 =
      "b80d000000" // mov eax, 13 (rt_sigaction)
          + "bf11000000" // mov edi, 17 (SIGCHLD)
          + "488d3517000000" // lea rsi, [rip + 23] (the structure at the end)
          + "31d2" // xor edx, edx
          + "41ba08000000" // mov r10d, 8 (size of the signal mask)
          + "0f05" // syscall
          + "b822000000" // again: mov eax, 34 (pause)
          + "0f05" // syscall
          + "ebf7" // jmp again
          + "90909090" // to a multiple of 8
          + "0100000000000000" // sa_handler: SIG_IGN
          + "000000000000000000000000000000000000000000000000"; // flags, restorer, mask

  private PauseProgram() {}

  /** The ELF file, for the architectures it is written for. */
  static Optional<byte[]> forArchitecture(String architecture) {
    return architecture.equals("x86_64") ? Optional.of(elf(62, X86_64)) : Optional.empty();
  }

  private static byte[] elf(int machine, String code) {
    byte[] bytes = HexFormat.of().parseHex(code);
    int size = HEADERS + bytes.length;
    ByteBuffer out = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    out.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).position(16);
    // ET_EXEC, machine, version, entry, program headers, no sections, flags, sizes.
    out.putShort((short) 2).putShort((short) machine).putInt(1).putLong(LOAD_ADDRESS + HEADERS);
    out.putLong(64).putLong(0).putInt(0).putShort((short) 64).putShort((short) 56);
    out.putShort((short) 1).putShort((short) 64).putShort((short) 0).putShort((short) 0);
    // PT_LOAD, readable and executable, the whole file.
    out.putInt(1).putInt(5).putLong(0).putLong(LOAD_ADDRESS).putLong(LOAD_ADDRESS);
    out.putLong(size).putLong(size).putLong(0x1000);
    return out.put(bytes).array();
  }
}
