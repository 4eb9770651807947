package io.katajava.internal.ledger;

import io.katajava.base.files.HeldFile;
import io.katajava.base.files.TreeRemoval;
import io.katajava.internal.host.HostInterfaces;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes what runtimes that were killed left behind. A process is ended only if it is the recorded
 * one by pid, start time and boot, and if what runs there is the sandbox's by its arguments.
 */
public final class LedgerSweep {
  private static final Logger log = LoggerFactory.getLogger(LedgerSweep.class);
  static final Duration KILL_WAIT = Duration.ofSeconds(5);

  private final Ledger ledger;

  public LedgerSweep(Ledger ledger) {
    this.ledger = ledger;
  }

  /**
   * Sweeps, unless another process or thread is just doing that. Returns the ids of the sandboxes
   * that were removed.
   */
  @SuppressWarnings("try")
  public List<String> run() {
    Path lockFile = ledger.entries().resolve(".lock");
    try {
      Optional<HeldFile> held = HeldFile.tryAlone(lockFile);
      if (held.isPresent()) {
        try (HeldFile alone = held.get()) {
          return sweep();
        }
      }
      log.debug("another thread or process is sweeping {}", ledger.entries());
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
        String name = file.getFileName().toString();
        try {
          if (name.endsWith(Ledger.DRAFT)) {
            removeAbandonedDraft(file);
          } else if (LedgerDrafts.isNote(name)) {
            LedgerDrafts.sweep(file);
          } else if (!name.startsWith(".")) {
            killed += sweep(name, file, swept);
          }
        } catch (IOException | RuntimeException e) {
          // The others are looked at all the same; the next runtime tries this one again.
          log.warn(
              "the sandbox that the record {} describes could not be removed: {}",
              file,
              e.toString());
        }
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

  private int sweep(String id, Path file, List<String> swept) throws IOException {
    Optional<LedgerEntry> entry;
    try {
      entry = LedgerEntry.parse(id, Ledger.text(file));
    } catch (NoSuchFileException e) {
      // Closed while we looked.
      return 0;
    } catch (Ledger.UntrustedRecordException e) {
      log.warn("a record of the ledger is ignored: {}", e.getMessage());
      return 0;
    }
    SandboxProcesses processes =
        new SandboxProcesses(ledger.state(), id, entry.flatMap(LedgerEntry::state));
    if (entry.isPresent()
        && (entry.get().owner().isAlive()
            || entry.get().goesOn(Instant.now(), processes::isOurs))) {
      return 0;
    }
    int killed = killProcesses(id, entry, processes);
    ledger.remove(id);
    HostInterfaces.sweep(id);
    swept.add(id);
    return killed;
  }

  /** A JVM was killed while it wrote; the entry it was about to replace still stands. */
  private static void removeAbandonedDraft(Path draft) throws IOException {
    if (!Ledger.isBeingWritten(draft)) {
      TreeRemoval.of(draft);
    }
  }

  private static int killProcesses(
      String id, Optional<LedgerEntry> entry, SandboxProcesses processes) throws IOException {
    List<ProcessIdentity> all = new ArrayList<>();
    for (ProcessIdentity process : entry.map(LedgerEntry::processes).orElse(List.of())) {
      if (processes.isOurs(process)) {
        all.add(process);
      } else if (process.isRunning()) {
        log.warn(
            "process {} is recorded as part of sandbox {}, but that id now belongs to another"
                + " process, which is left"
                + " alone",
            process.pid(),
            id);
      } else if (process.isAlive()) {
        // It has no arguments any more, as it is ending by itself.
        await(process);
      }
    }
    processes.unrecorded().stream().filter(one -> !all.contains(one)).forEach(all::add);
    int killed = 0;
    for (ProcessIdentity process : all) {
      if (process.isAlive()) {
        ProcessEnd.signal(process, true);
        await(process);
        killed++;
      }
    }
    return killed;
  }

  private static void await(ProcessIdentity process) {
    try {
      if (!ProcessEnd.await(process, KILL_WAIT)) {
        log.warn("process {} of a killed runtime does not end", process.pid());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
