package io.katajava.guest.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks that a program can run in the guest: right architecture, no dynamic loader. */
final class StaticBinary {
  /** Program headers follow the ELF header; this much holds them in every linker's output. */
  private static final int HEAD = 64 << 10;

  private StaticBinary() {}

  static void require(Path file, String architecture) throws Unusable, IOException {
    if (!Files.isRegularFile(file)) {
      throw new Unusable(file + " does not exist");
    }
    if (!Files.isReadable(file)) {
      throw new Unusable(file + " is not readable");
    }
    byte[] head;
    try (InputStream in = Files.newInputStream(file)) {
      head = in.readNBytes(HEAD);
    }
    require(head, file.toString(), architecture);
  }

  static void require(byte[] head, String name, String architecture) throws Unusable, IOException {
    if (!Elf.isElf(head)) {
      throw new Unusable(name + " is not an ELF program");
    }
    Elf elf = Elf.parse(head, name);
    if (!elf.architecture().equals(architecture)) {
      throw new Unusable(name + " is for " + elf.architecture() + ", not for " + architecture);
    }
    if (!elf.isStatic()) {
      throw new Unusable(name + " is dynamically linked, but the guest has no loader");
    }
  }
}
