package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Deadline;
import io.katajava.base.files.HeldFile;
import io.katajava.guest.GuestBuilder;
import io.katajava.guest.KernelSource;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GuestCacheTest {
  @TempDir Path directory;
  private GuestFixture fixture;

  @BeforeEach
  void makeHost() throws IOException {
    fixture = new GuestFixture(directory);
  }

  /** A process that builds the fixture's guest and prints its key. */
  static final class Builder {
    private Builder() {}

    public static void main(String[] args) throws Exception {
      GuestAssets guest =
          GuestBuilder.create()
              .architecture("x86_64")
              .kernel(KernelSource.files(Path.of(args[1]), Path.of(args[2])))
              .agent(Path.of(args[3]))
              .busybox(null)
              .build(Path.of(args[0]));
      System.out.print(guest.key() + " " + guest.initrd().orElseThrow());
    }
  }

  private int count(String kind) throws IOException {
    Path path = fixture.cache.resolve("guest/" + kind);
    if (!Files.exists(path)) {
      return 0;
    }
    try (Stream<Path> entries = Files.list(path)) {
      return (int) entries.count();
    }
  }

  @Test
  void provide_manyThreads_buildOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(6);
    try {
      CountDownLatch start = new CountDownLatch(1);
      Callable<GuestAssets> build =
          () -> {
            start.await();
            return fixture.provide(fixture.draft());
          };
      List<Future<GuestAssets>> results = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        results.add(threads.submit(build));
      }
      start.countDown();
      GuestAssets first = results.get(0).get(30, TimeUnit.SECONDS);
      for (Future<GuestAssets> result : results) {
        assertThat(result.get(30, TimeUnit.SECONDS)).isEqualTo(first);
      }
    } finally {
      threads.shutdownNow();
      assertThat(threads.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(count("initrd")).isEqualTo(1);
    assertThat(count("tmp")).isZero();
  }

  @Test
  void build_twoProcessesAtOnce_giveTheSameGuest() throws Exception {
    List<Process> processes = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Builder.class.getName(),
                  fixture.cache.toString(),
                  fixture.kernel.toString(),
                  fixture.modules.toString(),
                  fixture.agent.toString())
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start());
    }
    List<String> outputs = new ArrayList<>();
    for (Process process : processes) {
      outputs.add(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8));
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).isZero();
    }

    assertThat(outputs.get(0)).isNotEmpty().isEqualTo(outputs.get(1));
    assertThat(count("initrd")).isEqualTo(1);
    assertThat(count("tmp")).isZero();
  }

  @Test
  void evict_oldGuests_keepsTheLastOnesOnly() throws Exception {
    for (int i = 0; i < 6; i++) {
      Files.write(fixture.agent, append(Files.readAllBytes(fixture.agent)));
      fixture.provide(fixture.draft());
      age(i);
    }
    Files.write(fixture.agent, append(Files.readAllBytes(fixture.agent)));
    GuestAssets last = fixture.provide(fixture.draft());

    assertThat(count("manifests")).isEqualTo(GuestCache.KEPT);
    assertThat(count("initrd")).isEqualTo(GuestCache.KEPT);
    assertThat(last.initrd().orElseThrow()).exists();
    assertThat(last.kernel()).exists();
  }

  @Test
  void evict_recentlyUsed_keepsAll() throws Exception {
    for (int i = 0; i < 6; i++) {
      Files.write(fixture.agent, append(Files.readAllBytes(fixture.agent)));
      fixture.provide(fixture.draft());
    }

    assertThat(count("initrd")).isEqualTo(6);
  }

  @Test
  void lock_heldElsewhere_endsAtTheDeadline() throws Exception {
    CacheDirectory cache = CacheDirectory.open(fixture.cache);
    HeldFile lock = cache.lock("build", Deadline.after(Duration.ofSeconds(1)));
    ExecutorService other = Executors.newSingleThreadExecutor();
    try {
      Future<?> attempt =
          other.submit(() -> cache.lock("build", Deadline.after(Duration.ofMillis(50))));
      assertThat(attempt)
          .failsWithin(Duration.ofSeconds(10))
          .withThrowableThat()
          .withMessageContaining("build.lock for longer than PT0.0");
    } finally {
      other.shutdownNow();
      lock.close();
    }
  }

  /** Makes everything there is look days old, the later ones less so. */
  private void age(int round) throws IOException {
    for (String kind : List.of("manifests", "initrd", "vmlinux")) {
      try (Stream<Path> files = Files.list(fixture.cache.resolve("guest/" + kind))) {
        for (Path file : files.toList()) {
          FileTime now = Files.getLastModifiedTime(file);
          if (now.toInstant().isAfter(Instant.now().minus(Duration.ofHours(1)))) {
            Files.setLastModifiedTime(
                file, FileTime.from(Instant.now().minus(Duration.ofDays(30 - round))));
          }
        }
      }
    }
  }

  private static byte[] append(byte[] bytes) {
    return java.util.Arrays.copyOf(bytes, bytes.length + 1);
  }

  @Test
  void open_removesWhatKilledBuildsLeftLongAgo() throws IOException {
    CacheDirectory cache = CacheDirectory.open(directory.resolve("cache"));
    Path old = Files.createDirectories(cache.temporary().resolve("kernel1/deep"));
    Path young = Files.createFile(cache.temporary().resolve("new2"));
    Files.setLastModifiedTime(
        old.getParent(), FileTime.from(Instant.now().minus(Duration.ofDays(2))));

    CacheDirectory.open(directory.resolve("cache"));

    assertThat(old.getParent()).doesNotExist();
    assertThat(young).exists();
  }
}
