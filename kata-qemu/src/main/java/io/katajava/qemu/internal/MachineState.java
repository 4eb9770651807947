package io.katajava.qemu.internal;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.qmp.EventQueue;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpEvent;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.command.Cont;
import io.katajava.qmp.command.Migrate;
import io.katajava.qmp.command.MigrateIncoming;
import io.katajava.qmp.command.MigrateSetCapabilities;
import io.katajava.qmp.command.MigrateSetParameters;
import io.katajava.qmp.event.StopEvent;
import io.katajava.qmp.type.MigrationCapability;
import io.katajava.qmp.type.MigrationCapabilityStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A machine's state into a file and out of one: a migration to and from a file of ours, one at a
 * time.
 */
final class MachineState {
  private static final Logger log = LoggerFactory.getLogger(MachineState.class);

  /** A file takes what comes: QEMU's own default is 128 MiB/s, made for networks. */
  private static final long BYTES_PER_SECOND = 1L << 40;

  /**
   * How long the rest may take for which the guest is stopped, as QEMU estimates it. The devices'
   * state comes on top.
   */
  private static final long DOWNTIME_MILLIS = 20;

  private final String sandboxId;
  private final QmpClient qmp;
  private final ReentrantLock one = new ReentrantLock();
  private volatile @Nullable StateTransport transport;

  /**
   * Nothing is asked yet.
   *
   * @param transport what this QEMU offers, if that is known; else it is asked when it is needed
   */
  MachineState(String sandboxId, QmpClient qmp, Optional<StateTransport> transport) {
    this.sandboxId = sandboxId;
    this.qmp = qmp;
    this.transport = transport.orElse(null);
  }

  private StateTransport transport() {
    StateTransport decided = transport;
    if (decided == null) {
      decided = StateTransport.of(qmp.schema());
      transport = decided;
    }
    return decided;
  }

  /**
   * Saves, once no other save is under way.
   *
   * @param memoryIsFile whether the memory is a shared file, which is not written once more
   * @return how long the guest stood still; zero when it does so still
   */
  Duration save(Path state, boolean memoryIsFile, boolean goesOn, Duration timeout) {
    long begin = System.nanoTime();
    boolean alone;
    try {
      alone = one.tryLock(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while another save of the machine is under way",
          Details.none().withSandbox(sandboxId).withCause(e));
    }
    if (!alone) {
      throw new KataException(
          ErrorCode.TIMEOUT,
          "another save of the machine takes longer than " + timeout,
          Details.none().withSandbox(sandboxId).withRemedy("Give it more time"));
    }
    try {
      Duration left = timeout.minusNanos(System.nanoTime() - begin);
      return MonitorFailure.translating(
          sandboxId,
          "write the machine's state to " + state,
          () -> write(state, memoryIsFile, goesOn, left));
    } finally {
      one.unlock();
    }
  }

  private Duration write(Path state, boolean memoryIsFile, boolean goesOn, Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    StateTransport way = transport();
    boolean done = false;
    try (FileDescriptor file = FileDescriptor.toWrite(state);
        EventQueue<QmpEvent> stops = qmp.subscribeTo(StopEvent.NAME)) {
      qmp.execute(ignoringShared(memoryIsFile));
      qmp.execute(
          MigrateSetParameters.builder()
              .maxBandwidth(BYTES_PER_SECOND)
              .downtimeLimit(DOWNTIME_MILLIS)
              .build());
      try (StateTransport.Handed handed = way.hand(qmp, file)) {
        await(handed.uri(), state, deadline);
      }
      done = true;
      if (!goesOn) {
        return Duration.ZERO;
      }
      qmp.execute(new Cont());
      Instant resumed = Instant.now();
      QmpEvent stop = stops.poll();
      return stop == null ? Duration.ZERO : Duration.between(stop.timestamp(), resumed);
    } catch (IOException e) {
      throw failure(ErrorCode.HOST_UNSUITABLE, "the state cannot be written: " + e.getMessage(), e);
    } finally {
      if (!done) {
        undo(state);
      }
    }
  }

  private void await(String uri, Path state, long deadline) {
    Duration left = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
    try {
      qmp.migrate(Migrate.builder().uri(uri).build(), left)
          .get(left.toMillis() + 1000, TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof QmpException known) {
        throw known;
      }
      throw failure(ErrorCode.VM_REFUSED, "the state cannot be saved to " + state, e);
    } catch (TimeoutException e) {
      throw failure(ErrorCode.TIMEOUT, "saving the state to " + state + " takes too long", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure(ErrorCode.INTERRUPTED, "interrupted while the state was saved to " + state, e);
    }
  }

  /** The guest goes on and the half file is gone. */
  private void undo(Path state) {
    boolean interrupted = Thread.interrupted();
    try {
      qmp.execute(new Cont());
    } catch (QmpException e) {
      log.debug("the machine does not go on after a save that failed", e);
    }
    try {
      Files.deleteIfExists(state);
    } catch (IOException e) {
      log.warn("cannot remove {}: {}", state, e.toString());
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets QEMU load; it goes on by itself then, or ends when it cannot. */
  void load(Path state, boolean memoryIsFile) throws InterruptedException {
    StateTransport way = transport();
    try (FileDescriptor file = FileDescriptor.toRead(state)) {
      // In order, and not each answer is waited for: a wait costs a switch to QEMU and back.
      CompletableFuture<?> capabilities = qmp.executeAsync(ignoringShared(memoryIsFile));
      try (StateTransport.Handed handed = way.hand(qmp, file)) {
        qmp.execute(MigrateIncoming.builder().uri(handed.uri()).build());
      }
      refused(capabilities);
    } catch (QmpInterruptedException e) {
      throw MonitorFailure.interrupted(e);
    } catch (IOException e) {
      throw failure(ErrorCode.HOST_UNSUITABLE, "the state cannot be read: " + e.getMessage(), e);
    }
  }

  /** It was answered before what was sent after it, so this does not wait. */
  private static void refused(CompletableFuture<?> answered) {
    try {
      answered.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof QmpException known) {
        throw known;
      }
      throw e;
    }
  }

  private static KataException failure(ErrorCode code, String message, Exception cause) {
    String remedy =
        switch (code) {
          case TIMEOUT -> "Give it more time, or save a guest with less memory in use";
          case INTERRUPTED -> "The guest goes on; save it again if you still need its state";
          default -> "Check that the file's directory exists, can be written and has space";
        };
    return new KataException(code, message, Details.none().withRemedy(remedy).withCause(cause));
  }

  private static MigrateSetCapabilities ignoringShared(boolean on) {
    List<MigrationCapabilityStatus> all = new ArrayList<>();
    all.add(new MigrationCapabilityStatus(MigrationCapability.X_IGNORE_SHARED, on));
    return new MigrateSetCapabilities(all);
  }
}
