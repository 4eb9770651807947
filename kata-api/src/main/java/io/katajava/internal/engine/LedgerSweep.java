package io.katajava.internal.engine;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes what runtimes that were killed left behind: by identity, never by pid alone. */
final class LedgerSweep {
  private static final Logger log = LoggerFactory.getLogger(LedgerSweep.class);
  static final Duration KILL_WAIT = Duration.ofSeconds(5);

  private final Ledger ledger;

  LedgerSweep(Ledger ledger) {
    this.ledger = ledger;
  }

  /**
   * Sweeps, unless another process or thread is just doing that. Returns the ids of the sandboxes
   * that were removed.
   */
  List<String> run() {
    try (FileChannel channel =
            FileChannel.open(
                ledger.entries().resolve(".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE);
        FileLock lock = channel.tryLock()) {
      if (lock != null) {
        return sweep();
      }
    } catch (OverlappingFileLockException e) {
      log.debug("another thread is sweeping {}", ledger.entries());
    } catch (IOException e) {
      log.warn("cannot sweep {}: {}", ledger.entries(), e.toString());
    }
    return List.of();
  }

  private List<String> sweep() throws IOException {
    List<String> swept = new ArrayList<>();
    int killed = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(ledger.entries())) {
      for (Path file : files) {
        String id = file.getFileName().toString();
        if (id.startsWith(".")) {
          continue;
        }
        if (id.endsWith(".new")) {
          // A JVM was killed while it wrote; the entry it was about to replace still stands.
          removeAbandonedDraft(file);
          continue;
        }
        Optional<LedgerEntry> entry = read(id, file);
        if (entry.isPresent()
            && (entry.get().owner().isAlive() || entry.get().goesOn(Instant.now()))) {
          continue;
        }
        killed += killProcesses(id, entry);
        ledger.remove(id);
        swept.add(id);
      }
    }
    if (!swept.isEmpty()) {
      log.info(
          "removed what killed runtimes left behind: sandboxes {}, {} processes ended",
          swept,
          killed);
    }
    return swept;
  }

  private static Optional<LedgerEntry> read(String id, Path file) {
    try {
      return LedgerEntry.parse(id, Files.readString(file));
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private void removeAbandonedDraft(Path draft) throws IOException {
    Optional<LedgerEntry> entry = read("draft", draft);
    if (entry.isEmpty() || !entry.get().owner().isAlive()) {
      Files.deleteIfExists(draft);
    }
  }

  private int killProcesses(String id, Optional<LedgerEntry> entry) throws IOException {
    List<ProcessIdentity> processes = new ArrayList<>();
    entry.ifPresent(known -> processes.addAll(known.processes()));
    // A JVM killed between spawning the process and recording it: the directory in the process's
    // arguments identifies it, as no other sandbox has it.
    processes.addAll(processesNaming(ledger.directoryOf(id) + "/"));
    int killed = 0;
    for (ProcessIdentity process : processes) {
      if (process.isAlive()) {
        kill(process);
        killed++;
      }
    }
    return killed;
  }

  private static List<ProcessIdentity> processesNaming(String path) throws IOException {
    List<ProcessIdentity> found = new ArrayList<>();
    long self = ProcessHandle.current().pid();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        if (pid != self && commandLine(process).contains(path)) {
          ProcessIdentity.of(pid).ifPresent(found::add);
        }
      }
    }
    return found;
  }

  private static String commandLine(Path process) {
    try {
      String text = Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
      // Only a hypervisor is ever killed this way, not somebody's editor or grep.
      return text.contains("qemu") ? text : "";
    } catch (IOException e) {
      return "";
    }
  }

  private static void kill(ProcessIdentity process) {
    ProcessEnd.signal(process, true);
    try {
      if (!ProcessEnd.await(process, KILL_WAIT)) {
        log.warn("process {} of a killed runtime does not end", process.pid());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
