package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.io.TempDir;

class PauseProgramTest {
  @TempDir Path directory;

  @Test
  @EnabledOnOs(architectures = "amd64")
  void program_started_ignoresChildrenAndWaitsUntilKilled() throws Exception {
    Path file =
        Files.write(
            directory.resolve("pause"), PauseProgram.forArchitecture("x86_64").orElseThrow());
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    Process process = new ProcessBuilder(file.toString()).start();
    try {
      assertThat(process.waitFor(200, TimeUnit.MILLISECONDS)).isFalse();
      String ignored =
          Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
              .filter(line -> line.startsWith("SigIgn:"))
              .findFirst()
              .orElseThrow()
              .substring("SigIgn:".length())
              .strip();
      // Bit 16 is signal 17, SIGCHLD; others may be inherited.
      assertThat(Long.parseUnsignedLong(ignored, 16) & (1 << 16)).isNotZero();
    } finally {
      process.destroy();
      assertThat(process.waitFor(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void program_asElf_isStaticAndForItsArchitecture() throws Exception {
    byte[] program = PauseProgram.forArchitecture("x86_64").orElseThrow();

    StaticBinary.require(program, "pause", "x86_64");
    assertThat(program.length).isLessThan(256);
  }
}
