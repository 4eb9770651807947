package io.katajava.internal.engine;

import io.katajava.ContainerLog;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The newest lines of a container's output, up to a number of bytes. */
final class LogBuffer implements ContainerLog {
  /** What a line costs besides its text: four objects' heads and fields, and its place. */
  static final int LINE_COST = 112;

  private final long limit;
  private final Executor executor;
  private final ReentrantLock lock = new ReentrantLock();
  private final Deque<Line> kept = new ArrayDeque<>();
  private final List<Follower> followers = new CopyOnWriteArrayList<>();
  private long size;
  private long dropped;

  /** Streams of first processes that are open, and how often the last one was closed. */
  private int writers;

  private long ends;

  LogBuffer(long limit, Executor executor) {
    this.limit = limit;
    this.executor = executor;
  }

  /** Takes one stream of one process. */
  OutputSink sink(Stream stream) {
    lock.lock();
    try {
      writers++;
    } finally {
      lock.unlock();
    }
    return new LineSink(stream);
  }

  private void end() {
    lock.lock();
    try {
      if (--writers == 0) {
        ends++;
      }
    } finally {
      lock.unlock();
    }
    followers.forEach(follower -> follower.delivery.schedule());
  }

  private void add(Line line) {
    lock.lock();
    try {
      kept.add(line);
      size += cost(line);
      while (size > limit && kept.size() > 1) {
        size -= cost(kept.remove());
        dropped++;
      }
    } finally {
      lock.unlock();
    }
    followers.forEach(follower -> follower.delivery.schedule());
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
      return List.copyOf(kept);
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
    Follower follower = new Follower(consumer, end);
    followers.add(follower);
    follower.delivery.schedule();
    return follower;
  }

  private final class Follower implements Following {
    private final Consumer<Line> consumer;
    private final Runnable end;
    private final SerialTask delivery = new SerialTask(this::deliver, executor, problem -> close());
    private volatile boolean closed;
    private long next;
    private long toldEnds;

    private record News(List<Line> lines, boolean ended) {}

    Follower(Consumer<Line> consumer, Runnable end) {
      this.consumer = consumer;
      this.end = end;
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
        boolean ended = writers == 0 && ends > toldEnds;
        if (ended) {
          toldEnds = ends;
        }
        return new News(lines, ended);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void close() {
      closed = true;
      followers.remove(this);
    }
  }

  private final class LineSink implements OutputSink {
    private final Stream stream;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();

    LineSink(Stream stream) {
      this.stream = stream;
    }

    @Override
    public boolean accept(byte[] chunk, Runnable resume) {
      for (byte b : chunk) {
        if (b == '\n') {
          finish();
        } else {
          line.write(b);
          if (line.size() >= LineConsumer.MAX_LINE) {
            finish();
          }
        }
      }
      return true;
    }

    private void finish() {
      String text = line.toString(StandardCharsets.UTF_8);
      line.reset();
      add(
          new Line(
              Instant.now(),
              stream,
              text.endsWith("\r") ? text.substring(0, text.length() - 1) : text));
    }

    @Override
    public void end(@Nullable Throwable failure) {
      if (line.size() > 0) {
        finish();
      }
      LogBuffer.this.end();
    }
  }
}
