package io.katajava.internal.run;

import io.katajava.SandboxTimeline;
import io.katajava.StartPhase;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Records phases; a phase ends when the next one begins. */
public final class TimelineRecorder {
  private final Instant begin = Instant.now();
  private final long beginNanos = System.nanoTime();
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Mark> marks = new ArrayList<>();

  private static final class Mark {
    final StartPhase phase;
    final long from;
    long to = -1;

    Mark(StartPhase phase, long from) {
      this.phase = phase;
      this.from = from;
    }
  }

  void enter(StartPhase phase) {
    lock.lock();
    try {
      long now = System.nanoTime();
      endLast(now);
      marks.add(new Mark(phase, now));
    } finally {
      lock.unlock();
    }
  }

  void end() {
    lock.lock();
    try {
      endLast(System.nanoTime());
    } finally {
      lock.unlock();
    }
  }

  /** Adds a phase that is over, once: a second one of the same kind is ignored. */
  public void addOnce(StartPhase phase, long fromNanos, long toNanos) {
    lock.lock();
    try {
      if (marks.stream().noneMatch(mark -> mark.phase == phase)) {
        Mark mark = new Mark(phase, fromNanos);
        mark.to = toNanos;
        marks.add(mark);
      }
    } finally {
      lock.unlock();
    }
  }

  public boolean has(StartPhase phase) {
    lock.lock();
    try {
      return marks.stream().anyMatch(mark -> mark.phase == phase);
    } finally {
      lock.unlock();
    }
  }

  public @Nullable StartPhase current() {
    lock.lock();
    try {
      return marks.isEmpty() ? null : marks.get(marks.size() - 1).phase;
    } finally {
      lock.unlock();
    }
  }

  public SandboxTimeline snapshot() {
    lock.lock();
    try {
      long now = System.nanoTime();
      List<SandboxTimeline.Span> spans = new ArrayList<>();
      for (Mark mark : marks) {
        long to = mark.to < 0 ? now : mark.to;
        spans.add(
            new SandboxTimeline.Span(
                mark.phase,
                Duration.ofNanos(mark.from - beginNanos),
                Duration.ofNanos(to - mark.from),
                mark.to >= 0));
      }
      return new SandboxTimeline(begin, spans);
    } finally {
      lock.unlock();
    }
  }

  private void endLast(long now) {
    if (!marks.isEmpty()) {
      Mark last = marks.get(marks.size() - 1);
      if (last.to < 0) {
        last.to = now;
      }
    }
  }
}
