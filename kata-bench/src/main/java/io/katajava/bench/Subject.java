package io.katajava.bench;

import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.qemu.QemuConfig;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What is measured.
 *
 * @param qemu which QEMU; empty for the one that is found
 * @param memory guest memory of each sandbox
 */
record Subject(Optional<Path> qemu, MemorySize memory) {
  Kata kata() {
    Kata.Builder builder = Kata.builder();
    qemu.ifPresent(binary -> builder.hypervisor(QemuConfig.builder().binary(binary).build()));
    return builder.build();
  }

  /** What is said of, where there are several; empty for the one that is found. */
  String prefix() {
    return qemu.map(binary -> binary.getFileName() + ", ").orElse("");
  }
}
