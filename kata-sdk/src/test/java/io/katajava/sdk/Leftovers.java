package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** Looks for what a sandbox could have left behind: processes, directories, sockets. */
final class Leftovers {
  private final Path state;

  Leftovers(Path state) {
    this.state = state;
  }

  /** Processes that name the state directory in their arguments. */
  List<Long> processes() {
    List<Long> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        long pid = Long.parseLong(process.getFileName().toString());
        if (pid != ProcessHandle.current().pid() && isHypervisor(process)) {
          found.add(pid);
        }
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return found;
  }

  private boolean isHypervisor(Path process) {
    try {
      String arguments = Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
      return arguments.contains("qemu") && arguments.contains(state + "/");
    } catch (IOException e) {
      return false;
    }
  }

  /** Everything below the state directory but the ledger's own directory and lock. */
  List<String> files() {
    if (!Files.isDirectory(state)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(state)) {
      return all.map(path -> state.relativize(path).toString())
          .filter(name -> !name.isEmpty() && !name.equals("ledger") && !name.equals("ledger/.lock"))
          .sorted()
          .toList();
    } catch (java.io.UncheckedIOException | IOException e) {
      return List.of("unreadable: " + e);
    }
  }

  void assertNone() {
    assertThat(processes()).as("hypervisors left").isEmpty();
    assertThat(files()).as("files left in the state directory").isEmpty();
  }

  static boolean within(java.time.Duration time, BooleanSupplier condition) {
    long deadline = System.nanoTime() + time.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      LockSupport.parkNanos(20_000_000);
    }
    return true;
  }
}
