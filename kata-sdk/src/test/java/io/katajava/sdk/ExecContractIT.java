package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.Sandbox;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The exec contract, many times over: no lost byte, no wrong exit code, nothing left of an
 * execution. The number of rounds with much data is set by {@code kata.test.rounds}.
 */
class ExecContractIT {
  private static final int SMALL_ROUNDS = 100;
  private static final int LARGE_ROUNDS = Integer.getInteger("kata.test.rounds", 5);
  private static final int BLOCK = 4 << 20;
  private static final int BLOCKS_PER_STREAM = 8;

  @TempDir Path directory;
  private Kata kata;
  private Sandbox sandbox;
  private int threads;
  private int descriptors;

  @BeforeEach
  void start() {
    kata = Kata.builder().stateDirectory(directory.resolve("s")).build();
    sandbox = kata.sandbox().image("busybox").start();
    // The first ones load classes and make the pools.
    for (int i = 0; i < 5; i++) {
      sandbox.exec("true").orThrow();
    }
    threads = threadCount();
    descriptors = descriptorCount();
  }

  @AfterEach
  void nothingMoreThanBefore() {
    try {
      // Pooled worker threads may come and go; those of an execution must not stay.
      assertThat(
              Leftovers.within(
                  Duration.ofSeconds(90), () -> threadCount() <= threads + POOL_ALLOWANCE))
          .as("threads: %s before, %s after", threads, threadCount())
          .isTrue();
      assertThat(descriptorCount()).isLessThanOrEqualTo(descriptors);
      assertThat(sandbox.exec("sh", "-c", "ls -d /proc/[0-9]* | wc -l").stdoutText().strip())
          .satisfies(count -> assertThat(Integer.parseInt(count)).isLessThan(6));
    } finally {
      kata.close();
      new Leftovers(directory.resolve("s")).assertNone();
    }
  }

  private static final int POOL_ALLOWANCE = 2;

  private static int threadCount() {
    return Thread.getAllStackTraces().size();
  }

  private static int descriptorCount() {
    String[] open = new File("/proc/self/fd").list();
    return open == null ? -1 : open.length;
  }

  @Test
  void exec_small_hundredTimesEach() {
    for (int i = 0; i < SMALL_ROUNDS; i++) {
      assertThat(sandbox.exec("true").outcome()).isEqualTo(new ExecOutcome.Exited(0));
      assertThat(sandbox.exec("false").outcome()).isEqualTo(new ExecOutcome.Exited(1));
      assertThat(sandbox.exec("no-such-command").outcome())
          .isInstanceOf(ExecOutcome.NotStarted.class);
      assertThat(sandbox.exec("sh", "-c", "kill -9 $$").outcome())
          .isEqualTo(new ExecOutcome.Signalled(9));
      assertThat(sandbox.exec("echo", "round " + i).stdoutText()).isEqualTo("round " + i + "\n");
    }
  }

  @Test
  void exec_64MiBInterleaved_losesNoByte() throws Exception {
    byte[] block =
        sandbox
            .exec("sh", "-c", "head -c " + BLOCK + " /dev/urandom > /tmp/b; cat /tmp/b")
            .orThrow()
            .stdout();
    assertThat(block).hasSize(BLOCK);
    String expected = digestOfRepeated(block);
    String loop = "for i in $(seq " + BLOCKS_PER_STREAM + "); do cat /tmp/b; done";
    for (int i = 0; i < LARGE_ROUNDS; i++) {
      ExecResult result =
          sandbox.exec("sh", "-c", "(" + loop + ") & (" + loop + ") >&2; wait; exit 9");

      assertThat(result.outcome()).isEqualTo(new ExecOutcome.Exited(9));
      assertThat(sha256(result.stdout())).isEqualTo(expected);
      assertThat(sha256(result.stderr())).isEqualTo(expected);
    }
  }

  @Test
  void exec_16MiBOfStdin_arriveWhole() throws Exception {
    byte[] input = new byte[16 << 20];
    new Random(42).nextBytes(input);
    for (int i = 0; i < LARGE_ROUNDS; i++) {
      ExecResult result =
          sandbox.exec(exec -> exec.command("sha256sum").stdin(new ByteArrayInputStream(input)));

      assertThat(result.orThrow().stdoutText()).startsWith(sha256(input));
    }
  }

  private static String digestOfRepeated(byte[] block) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (int i = 0; i < BLOCKS_PER_STREAM; i++) {
      digest.update(block);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }
}
