package io.katajava.cli;

import io.katajava.StartPhase;
import io.katajava.spi.KataObserver;
import io.katajava.spi.Observation;
import io.katajava.spi.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Remembers what a runtime did, until it is told to stop. */
final class StartRecorder implements KataObserver {

  /**
   * One operation.
   *
   * @param depth how many others it is in
   * @param fromNanos when it began, after the first one
   * @param toNanos when it ended; when the recording did, if it had not
   * @param note how it ended, as far as there is something to say
   */
  record Row(
      int depth,
      Operation.Kind kind,
      String name,
      String subject,
      long fromNanos,
      long toNanos,
      boolean ended,
      boolean failed,
      String note) {}

  private final ReentrantLock lock = new ReentrantLock();
  private final List<One> all = new ArrayList<>();
  private long stopped;

  private final class One implements Observation {
    final Operation operation;
    final int depth;
    final long from = System.nanoTime();
    long to;
    boolean failed;
    String note = "";

    One(Operation operation, @Nullable Observation parent) {
      this.operation = operation;
      this.depth = parent instanceof One above ? above.depth + 1 : 0;
    }

    @Override
    public void detail(String key, String value) {
      lock.lock();
      try {
        note = value;
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void end(@Nullable Throwable failure) {
      lock.lock();
      try {
        if (stopped == 0) {
          to = System.nanoTime();
          failed = failure != null;
          note = failure == null ? note : String.valueOf(failure.getMessage());
        }
      } finally {
        lock.unlock();
      }
    }
  }

  @Override
  public @Nullable Observation begin(Operation operation, @Nullable Observation parent) {
    lock.lock();
    try {
      if (stopped != 0) {
        return null;
      }
      One one = new One(operation, parent);
      all.add(one);
      return one;
    } finally {
      lock.unlock();
    }
  }

  /** What comes later does not count. */
  void stop() {
    lock.lock();
    try {
      if (stopped == 0) {
        stopped = System.nanoTime();
      }
    } finally {
      lock.unlock();
    }
  }

  /** What was recorded, in the order it began. */
  List<Row> rows() {
    lock.lock();
    try {
      long end = stopped == 0 ? System.nanoTime() : stopped;
      long begin = all.isEmpty() ? end : all.get(0).from;
      return all.stream()
          .map(
              one ->
                  new Row(
                      one.depth,
                      one.operation.kind(),
                      one.operation.name(),
                      one.operation.subject(),
                      one.from - begin,
                      (one.to == 0 ? end : one.to) - begin,
                      one.to != 0,
                      one.failed,
                      one.note))
          .toList();
    } finally {
      lock.unlock();
    }
  }

  /** For people: what of a phase's name is known to them. */
  static String title(Row row) {
    String what =
        switch (row.kind()) {
          case START, PHASE -> "";
          case EXEC -> "exec ";
          case RPC -> "agent ";
          case HYPERVISOR -> "QMP ";
        };
    return what + row.name();
  }

  /** The explanation of a phase's bar, if it is one. */
  static String explanation(Row row) {
    if (row.kind() != Operation.Kind.PHASE) {
      return row.subject();
    }
    StartPhase phase = StartPhase.valueOf(row.name().toUpperCase(Locale.ROOT).replace('-', '_'));
    return switch (phase) {
      case HOST -> "state directory, ledger, networks";
      case GUEST -> "kernel and initrd are found or built";
      case VM_PROCESS -> "QEMU is spawned";
      case QMP -> "QEMU's control connection";
      case BOOT -> "firmware, kernel and init, until the agent answers";
      case AGENT -> "health and version of the agent";
      case SANDBOX -> "the sandbox in the guest";
      case ROOTFS -> "the container's root filesystem";
      case CONTAINER -> "the container's first process";
      case FIRST_OUTPUT -> "until the first byte of output";
    };
  }
}
