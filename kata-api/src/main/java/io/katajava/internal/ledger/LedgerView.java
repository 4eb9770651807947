package io.katajava.internal.ledger;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.SandboxRecord;
import io.katajava.SandboxRecord.RecordedProcess;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger as tools see it; see {@link io.katajava.SandboxLedger}. */
public final class LedgerView {
  private static final Logger log = LoggerFactory.getLogger(LedgerView.class);
  private static final Duration KILL_LIMIT = Duration.ofSeconds(5);
  private static final int TICKS_PER_SECOND = 100;

  private final Path state;

  /**
   * Looks at nothing yet.
   *
   * @param state the state directory, which need not exist
   */
  public LedgerView(Path state) {
    this.state = state;
  }

  /**
   * See {@link io.katajava.SandboxLedger#sandboxes()}.
   *
   * @return the records
   */
  public List<SandboxRecord> sandboxes() {
    Path entries = state.resolve("ledger");
    if (!Files.isDirectory(entries)) {
      return List.of();
    }
    // What is there is believed: it must be this user's.
    Ledger.open(state);
    List<SandboxRecord> records = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(entries)) {
      for (Path file : files) {
        String id = file.getFileName().toString();
        if (!id.startsWith(".") && !id.endsWith(Ledger.DRAFT)) {
          read(id, file).ifPresent(records::add);
        }
      }
    } catch (DirectoryIteratorException e) {
      throw unreadable(entries, new IOException(e));
    } catch (IOException e) {
      throw unreadable(entries, e);
    }
    records.sort(Comparator.comparing(SandboxRecord::since).thenComparing(SandboxRecord::id));
    return records;
  }

  /**
   * See {@link io.katajava.SandboxLedger#find(String)}.
   *
   * @param id the id or its beginning, or the name
   * @return the record
   */
  public Optional<SandboxRecord> find(String id) {
    List<SandboxRecord> all = sandboxes();
    Optional<SandboxRecord> exact =
        all.stream().filter(record -> record.id().equals(id)).findFirst();
    if (exact.isPresent() || id.isEmpty()) {
      return exact;
    }
    List<SandboxRecord> named =
        all.stream()
            .filter(record -> record.name().filter(id::equals).isPresent())
            .filter(record -> !record.isOrphaned())
            .toList();
    if (named.size() == 1) {
      return Optional.of(named.get(0));
    }
    if (named.size() > 1) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "several sandboxes have the name '"
              + id
              + "': "
              + String.join(", ", named.stream().map(SandboxRecord::id).toList()),
          Details.none().withRemedy("Give the id of one"));
    }
    List<SandboxRecord> alike = all.stream().filter(record -> record.id().startsWith(id)).toList();
    if (alike.size() > 1) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "'"
              + id
              + "' is the beginning of several ids: "
              + String.join(", ", alike.stream().map(SandboxRecord::id).toList()),
          Details.none().withRemedy("Give more of the id"));
    }
    return alike.stream().findFirst();
  }

  /**
   * See {@link io.katajava.SandboxLedger#stop(SandboxRecord, Duration)}.
   *
   * @param sandbox the sandbox
   * @param grace how long to wait
   * @return how many processes were ended
   */
  public int stop(SandboxRecord sandbox, Duration grace) {
    List<ProcessIdentity> running =
        sandbox.processes().stream()
            .map(LedgerView::identity)
            .filter(processes(sandbox.id())::isOurs)
            .toList();
    try {
      running.forEach(process -> ProcessEnd.signal(process, false));
      long end = System.nanoTime() + grace.toNanos();
      for (ProcessIdentity process : running) {
        Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
        if (!ProcessEnd.await(process, left)) {
          ProcessEnd.signal(process, true);
          if (!ProcessEnd.await(process, KILL_LIMIT)) {
            throw new KataException(
                ErrorCode.HOST_UNSUITABLE,
                "process " + process.pid() + " of sandbox " + sandbox.id() + " does not end",
                Details.none()
                    .withSandbox(sandbox.id())
                    .withRemedy("Check whom it belongs to: ps -o user,stat,args " + process.pid()));
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED, "interrupted while stopping sandbox " + sandbox.id(), e);
    }
    if (!identity(sandbox.owner()).isAlive()) {
      remove(sandbox.id());
    }
    return running.size();
  }

  /**
   * See {@link io.katajava.SandboxLedger#sweep()}.
   *
   * @return the ids of what was removed
   */
  public List<String> sweep() {
    return Files.isDirectory(state.resolve("ledger"))
        ? new LedgerSweep(Ledger.open(state)).run()
        : List.of();
  }

  private void remove(String id) {
    try {
      Ledger.open(state).remove(id);
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "cannot remove the state of sandbox " + id + " in " + state + ": " + e,
          Details.none().withSandbox(id).withCause(e));
    }
  }

  private Optional<SandboxRecord> read(String id, Path file) throws IOException {
    Optional<LedgerEntry> entry;
    Instant written;
    try {
      entry = LedgerEntry.parse(id, Ledger.text(file));
      written = Files.getLastModifiedTime(file).toInstant();
    } catch (NoSuchFileException e) {
      // Closed while we looked.
      return Optional.empty();
    } catch (Ledger.UntrustedRecordException e) {
      log.warn("a record of the ledger is ignored: {}", e.getMessage());
      return Optional.empty();
    }
    if (entry.isEmpty()) {
      // Damaged: nobody's, so that a sweep removes it.
      RecordedProcess nobody = new RecordedProcess(0, 0, "unknown", false);
      return Optional.of(
          new SandboxRecord(
              id, nobody, List.of(), written, state.resolve(id), false, Optional.empty()));
    }
    List<ProcessIdentity> processes = entry.get().processes();
    SandboxProcesses known = new SandboxProcesses(state, id, entry.get().state());
    Instant since = processes.stream().findFirst().flatMap(LedgerView::started).orElse(written);
    return Optional.of(
        new SandboxRecord(
            id,
            recorded(entry.get().owner(), true),
            processes.stream().map(one -> recorded(one, known.isOurs(one))).toList(),
            since,
            state.resolve(id),
            entry.get().detached().isPresent(),
            entry.get().name()));
  }

  /** Linux counts start times in hundredths of a second on all our architectures. */
  private static Optional<Instant> started(ProcessIdentity process) {
    if (!process.bootId().equals(ProcessIdentity.currentBootId())) {
      return Optional.empty();
    }
    try {
      return Files.readAllLines(Path.of("/proc/stat")).stream()
          .filter(line -> line.startsWith("btime "))
          .findFirst()
          .map(line -> Long.parseLong(line.substring("btime ".length()).strip()))
          .map(
              boot ->
                  Instant.ofEpochSecond(boot)
                      .plusMillis(process.startTicks() * (1000 / TICKS_PER_SECOND)));
    } catch (IOException | NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static RecordedProcess recorded(ProcessIdentity process, boolean ours) {
    return new RecordedProcess(
        process.pid(), process.startTicks(), process.bootId(), ours && process.isRunning());
  }

  private SandboxProcesses processes(String id) {
    Optional<Path> told = Optional.empty();
    try {
      told =
          LedgerEntry.parse(id, Ledger.text(state.resolve("ledger").resolve(id)))
              .flatMap(LedgerEntry::state);
    } catch (IOException e) {
      log.debug("the record of sandbox {} has just gone", id, e);
    }
    return new SandboxProcesses(state, id, told);
  }

  private static ProcessIdentity identity(RecordedProcess process) {
    return new ProcessIdentity(process.pid(), process.startTicks(), process.bootId());
  }

  private static KataException unreadable(Path entries, IOException e) {
    return new KataException(
        ErrorCode.HOST_UNSUITABLE,
        "cannot read the ledger in " + entries + ": " + e,
        Details.none().withCause(e).withRemedy("Run this as the user the sandboxes belong to"));
  }
}
