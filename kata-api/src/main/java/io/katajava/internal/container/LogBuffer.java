package io.katajava.internal.container;

import io.katajava.ContainerLog;
import io.katajava.internal.exec.OpenLine;
import io.katajava.internal.exec.OutputSink;
import io.katajava.internal.exec.SerialTask;
import io.katajava.internal.run.Workers;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The newest lines of a container's output, up to a number of bytes. */
final class LogBuffer implements ContainerLog {
  /** What a line costs besides its text: four objects' heads and fields, and its place. */
  static final int LINE_COST = 112;

  /** A line to which nothing was added for so long is shown as far as it came. */
  private static final Duration QUIET = Duration.ofMillis(500);

  /** How many times in a row it may have grown meanwhile. */
  private static final int MOST_LOOKS = 4;

  /** How something is done later. */
  @FunctionalInterface
  interface Later {
    /** Never on the caller's thread. */
    void run(Duration delay, Runnable task);
  }

  private final long limit;
  private final Executor executor;
  private final Later later;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Line> kept = new ArrayDeque<>();
  private final List<Follower> followers = new CopyOnWriteArrayList<>();
  private long size;
  private long dropped;

  /** Streams of first processes that are open. */
  private final List<LineSink> writers = new ArrayList<>();

  /** How often the last of them was closed. */
  private long ends;

  LogBuffer(long limit, Workers workers) {
    this(limit, workers.executor(), workers::after);
  }

  LogBuffer(long limit, Executor executor, Later later) {
    this.limit = limit;
    this.executor = executor;
    this.later = later;
  }

  /** Takes one stream of one process. */
  OutputSink sink(Stream stream) {
    LineSink sink = new LineSink(stream);
    lock.lock();
    try {
      writers.add(sink);
    } finally {
      lock.unlock();
    }
    return sink;
  }

  private void tellFollowers() {
    followers.forEach(follower -> follower.delivery.schedule());
  }

  /** With the lock held. */
  private void add(Line line) {
    kept.add(line);
    size += cost(line);
    while (size > limit && kept.size() > 1) {
      size -= cost(kept.remove());
      dropped++;
    }
  }

  private static long cost(Line line) {
    // Text with a character beyond Latin-1 takes two bytes for each.
    String text = line.text();
    boolean wide = text.chars().anyMatch(c -> c > 0xff);
    return (long) LINE_COST + (wide ? 2L * text.length() : text.length());
  }

  @Override
  public List<Line> lines() {
    lock.lock();
    try {
      List<Line> all = new ArrayList<>(kept);
      for (LineSink sink : writers) {
        if (!sink.line.isEmpty()) {
          all.add(sink.open());
        }
      }
      return List.copyOf(all);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public long droppedLines() {
    lock.lock();
    try {
      return dropped;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Following follow(Consumer<Line> consumer, Runnable end) {
    return follow(new Follower(consumer, end, false));
  }

  @Override
  public Following followOpen(Consumer<Line> consumer, Runnable end) {
    return follow(new Follower(consumer, end, true));
  }

  private Following follow(Follower follower) {
    followers.add(follower);
    follower.delivery.schedule();
    return follower;
  }

  private final class Follower implements Following {
    private final Consumer<Line> consumer;
    private final Runnable end;
    private final SerialTask delivery = new SerialTask(this::deliver, executor, problem -> close());
    private final boolean takesOpen;

    /** How often the open line of a sink was shown when it was told last. */
    private final Map<LineSink, Long> told = new HashMap<>();

    private volatile boolean closed;
    private long next;
    private long toldEnds;

    private record News(List<Line> lines, boolean ended) {}

    Follower(Consumer<Line> consumer, Runnable end, boolean takesOpen) {
      this.consumer = consumer;
      this.end = end;
      this.takesOpen = takesOpen;
    }

    private void deliver() {
      News news = news();
      for (Line line : news.lines()) {
        if (closed) {
          return;
        }
        consumer.accept(line);
      }
      if (news.ended() && !closed) {
        end.run();
      }
    }

    private News news() {
      lock.lock();
      try {
        long unknown = Math.min(kept.size(), dropped + kept.size() - next);
        List<Line> lines = new ArrayList<>();
        Iterator<Line> newestFirst = kept.descendingIterator();
        while (lines.size() < unknown) {
          lines.add(newestFirst.next());
        }
        Collections.reverse(lines);
        next = dropped + kept.size();
        if (takesOpen) {
          addOpen(lines);
        }
        boolean ended = writers.isEmpty() && ends > toldEnds;
        if (ended) {
          toldEnds = ends;
        }
        return new News(lines, ended);
      } finally {
        lock.unlock();
      }
    }

    private void addOpen(List<Line> lines) {
      told.keySet().retainAll(writers);
      for (LineSink sink : writers) {
        if (sink.shown && told.getOrDefault(sink, 0L) < sink.shows) {
          told.put(sink, sink.shows);
          lines.add(sink.open());
        }
      }
    }

    @Override
    public void close() {
      closed = true;
      followers.remove(this);
    }
  }

  /** Cuts a stream into lines. All of it is guarded by the log's lock. */
  private final class LineSink implements OutputSink {
    private final Stream stream;
    private final OpenLine line = new OpenLine();

    /** Whether a look at the open line is to come. */
    private boolean watched;

    /** Whether the open line is shown to followers, as it was when {@code shows} was counted. */
    private boolean shown;

    private long shows;

    /** Bytes of the stream, now and at the last look. */
    private long written;

    private long writtenBefore;
    private int looks;

    LineSink(Stream stream) {
      this.stream = stream;
    }

    @Override
    public boolean accept(byte[] chunk, Runnable resume) {
      boolean news = false;
      boolean watch;
      lock.lock();
      try {
        for (byte b : chunk) {
          if (b == '\n') {
            finish(line.takeEnded(stream));
            news = true;
          } else {
            line.add(b);
            if (line.isFull()) {
              finish(line.takeCut(stream));
              news = true;
            }
          }
        }
        written += chunk.length;
        watch = !watched && !line.isEmpty();
        if (watch) {
          watched = true;
          writtenBefore = written;
        }
      } finally {
        lock.unlock();
      }
      if (news) {
        tellFollowers();
      }
      if (watch) {
        lookLater();
      }
      return true;
    }

    private void finish(Line ended) {
      add(ended);
      shown = false;
      looks = 0;
    }

    Line open() {
      return line.open(stream);
    }

    private void lookLater() {
      try {
        later.run(QUIET, this::look);
      } catch (RejectedExecutionException e) {
        // The runtime was closed; nobody follows any more.
        return;
      }
    }

    private void look() {
      boolean show = false;
      boolean again = false;
      lock.lock();
      try {
        if (line.isEmpty()) {
          watched = false;
        } else if (written == writtenBefore || ++looks >= MOST_LOOKS) {
          show = true;
          shown = true;
          shows++;
          looks = 0;
          watched = false;
        } else {
          again = true;
        }
        writtenBefore = written;
      } finally {
        lock.unlock();
      }
      if (show) {
        tellFollowers();
      }
      if (again) {
        lookLater();
      }
    }

    @Override
    public void end(@Nullable Throwable failure) {
      lock.lock();
      try {
        if (!line.isEmpty()) {
          finish(line.takeLast(stream));
        }
        if (writers.remove(this) && writers.isEmpty()) {
          ends++;
        }
      } finally {
        lock.unlock();
      }
      tellFollowers();
    }
  }
}
