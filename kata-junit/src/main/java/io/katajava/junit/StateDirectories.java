package io.katajava.junit;

import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.SandboxLedger;
import io.katajava.SandboxRecord;
import io.katajava.base.files.TreeRemoval;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A state directory for each test class, so that what is left in it, or runs with it in its
 * arguments, is that class's: {@code STATE/junit/PID-NUMBER}. The ledger in it lets the next test
 * run remove what a killed one left.
 */
final class StateDirectories {
  /** An unprivileged hypervisor passes through; nobody looks around. */
  private static final String PASSABLE = "rwx--x--x";

  private static final Duration GRACE = Duration.ofSeconds(2);
  private static final AtomicInteger COUNT = new AtomicInteger();
  private static final AtomicBoolean SWEPT = new AtomicBoolean();

  private final Path directory;
  private final KataDirectories directories;

  private StateDirectories(Path directory, KataDirectories directories) {
    this.directory = directory;
    this.directories = directories;
  }

  static StateDirectories create() {
    KataDirectories defaults = KataDirectories.fromEnvironment();
    Path all = defaults.state().resolve("junit");
    try {
      TrustedDirectory.own("state", defaults.state(), PASSABLE);
      TrustedDirectory.own("tests' state", all, PASSABLE);
      if (SWEPT.compareAndSet(false, true)) {
        sweep(all, defaults.cache());
      }
      Path own = all.resolve(ProcessHandle.current().pid() + "-" + COUNT.incrementAndGet());
      TrustedDirectory.own("test's state", own, PASSABLE);
      return new StateDirectories(own, new KataDirectories(own, defaults.cache()));
    } catch (IOException e) {
      throw new UncheckedIOException("cannot make a state directory for tests in " + all, e);
    }
  }

  private static void sweep(Path all, Path cache) throws IOException {
    try (DirectoryStream<Path> older = Files.newDirectoryStream(all, "*-*")) {
      for (Path one : older) {
        String name = one.getFileName().toString();
        String pid = name.substring(0, name.indexOf('-'));
        if (pid.matches("\\d{1,9}") && !Files.exists(Path.of("/proc", pid))) {
          SandboxLedger ledger = SandboxLedger.open(new KataDirectories(one, cache));
          ledger.sweep();
          if (ledger.sandboxes().isEmpty()) {
            TreeRemoval.of(one);
          }
        }
      }
    }
  }

  Path directory() {
    return directory;
  }

  /** What is there although everything was closed; afterwards it is gone. */
  List<String> removeLeftovers() {
    List<String> found = new ArrayList<>(Leftovers.in(directory));
    SandboxLedger ledger = SandboxLedger.open(directories);
    for (SandboxRecord sandbox : ledger.sandboxes()) {
      found.add("entry of sandbox " + sandbox.id() + " in the ledger");
      try {
        ledger.stop(sandbox, GRACE);
      } catch (KataException e) {
        found.add("a process that could not be ended: " + e.getMessage());
      }
    }
    try {
      TreeRemoval.of(directory);
    } catch (IOException | UncheckedIOException e) {
      found.add("directory " + directory + ", which cannot be deleted: " + e);
    }
    return found;
  }
}
