package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Deadline;
import io.katajava.guest.TestMachine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compiling takes minutes and is not tested here; whether the real source takes our options is. */
class KernelConfigIT {
  /** What kconfig reads: the options, the makefiles, and the tools that ask the compiler. */
  private static final List<String> CONFIGURATION =
      List.of("*/Makefile*", "*/Kbuild*", "*/Kconfig*", "*/scripts/*", "*/tools/build/*");

  @TempDir Path directory;

  @Test
  void configure_debiansSource_takesAllOurOptions() throws Exception {
    Deadline deadline = Deadline.after(Duration.ofMinutes(5));
    Host host = Host.current();
    CacheDirectory cache = CacheDirectory.open(TestMachine.CACHE);
    KernelSources sources =
        new KernelSources(
            host, new AptPackages(cache, host.searchPath(), false, deadline), deadline);
    Path source = Files.createDirectory(directory.resolve("source"));
    Path build = Files.createDirectory(directory.resolve("build"));

    sources.requireTools();
    sources.unpack(sources.archive(), source, CONFIGURATION);
    KernelOptions resolved = sources.configure(source, build, KernelOptions.fragment("x86_64"));

    assertThat(resolved.isBuiltIn("CONFIG_VIRTIO_CONSOLE")).isTrue();
  }
}
