package io.katajava.base.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who has a file, among threads and among processes. */
@Timeout(120)
@SuppressWarnings("NullAway.Init")
class HeldFileTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofMillis(60);

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void name() {
    file = directory.resolve("lock");
  }

  /** Another process: takes a file, says so, and keeps it until its input ends. */
  @SuppressWarnings({"SystemOut", "try"})
  static final class Holder {
    public static void main(String[] arguments) throws Exception {
      Path file = Path.of(arguments[0]);
      boolean shared = arguments[1].equals("shared");
      try (HeldFile held =
          shared ? HeldFile.shared(file, LONG) : HeldFile.tryAlone(file).orElseThrow()) {
        System.out.println("held");
        System.in.read();
      }
    }
  }

  private Process holder(String how) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Holder.class.getName(),
                file.toString(),
                how)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    assertThat(process.getInputStream().readNBytes(5)).asString().isEqualTo("held\n");
    return process;
  }

  @Test
  void alone_isRefusedToOthersUntilClosed() throws Exception {
    try (HeldFile held = HeldFile.tryAlone(file).orElseThrow()) {
      assertThat(HeldFile.isHeldHere(file)).isTrue();
      assertThat(HeldFile.tryAlone(file)).isEmpty();
      assertThatThrownBy(() -> HeldFile.shared(file, SHORT))
          .isInstanceOf(HeldFile.Busy.class)
          .hasMessageContaining(file + " for longer than PT0.06S");
      assertThat(held).isNotNull();
    }
    assertThat(HeldFile.isHeldHere(file)).isFalse();
    HeldFile.alone(file, SHORT).close();
  }

  @Test
  void shared_byManyThreads_isOneLockUntilTheLastHasClosed() throws Exception {
    HeldFile first = HeldFile.shared(file, SHORT);
    HeldFile second = HeldFile.shared(file, SHORT);
    first.close();
    assertThat(HeldFile.tryAlone(file)).isEmpty();
    Process other = holder("shared");
    try {
      second.close();
      // The other process has it still, and no thread of this one.
      assertThat(HeldFile.isHeldHere(file)).isFalse();
      assertThat(HeldFile.tryAlone(file)).isEmpty();
      assertThatThrownBy(() -> HeldFile.alone(file, SHORT)).isInstanceOf(HeldFile.Busy.class);
    } finally {
      other.getOutputStream().close();
      other.waitFor();
    }
    HeldFile.alone(file, LONG).close();
  }

  @Test
  void alone_inAnotherProcess_isFreeWhenThatIsKilled() throws Exception {
    Process other = holder("alone");
    try {
      assertThat(HeldFile.tryAlone(file)).isEmpty();
      CompletableFuture<Boolean> later =
          CompletableFuture.supplyAsync(
              () -> {
                try (HeldFile held = HeldFile.alone(file, LONG)) {
                  return held != null;
                } catch (Exception e) {
                  throw new IllegalStateException(e);
                }
              });
      other.destroyForcibly();
      assertThat(later.get(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      other.destroyForcibly();
    }
  }

  @Test
  void file_isMadeWithItsAttributes_andALinkIsRefused() throws Exception {
    Optional<HeldFile> held =
        HeldFile.tryAlone(
            file,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    held.orElseThrow().close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    Path link = Files.createSymbolicLink(directory.resolve("link"), directory.resolve("elsewhere"));
    assertThatThrownBy(() -> HeldFile.tryAlone(link)).isInstanceOf(IOException.class);
    assertThat(directory.resolve("elsewhere")).doesNotExist();
    // What failed to open holds nothing.
    assertThat(HeldFile.isHeldHere(link)).isFalse();
  }
}
