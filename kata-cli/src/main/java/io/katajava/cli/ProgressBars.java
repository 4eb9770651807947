package io.katajava.cli;

import io.katajava.ProgressEvent;
import io.katajava.ProgressListener;
import io.katajava.base.text.PrintableText;
import java.io.PrintWriter;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import picocli.CommandLine.Model.CommandSpec;

/**
 * What takes long: one moving line with a bar on a terminal, else a line when it begins and ends.
 */
final class ProgressBars implements ProgressListener, AutoCloseable {
  private static final int WIDTH = 20;
  private static final String ERASE_LINE = "\r\u001b[K";

  private final PrintWriter err;
  private final boolean moving;
  private final ReentrantLock writing = new ReentrantLock();
  private final Map<String, ProgressEvent> running = new LinkedHashMap<>();
  private final Set<String> begun = new HashSet<>();

  ProgressBars(PrintWriter err, boolean moving) {
    this.err = err;
    this.moving = moving;
  }

  static ProgressBars on(CommandSpec spec) {
    return new ProgressBars(spec.commandLine().getErr(), Terminal.ofThisProcess().progress());
  }

  @Override
  public void progress(ProgressEvent event) {
    writing.lock();
    try {
      if (event.ended()) {
        boolean known = running.remove(event.subject()) != null;
        if (!moving && known) {
          err.println("kata: " + verb(event) + " " + subject(event) + ": done");
        }
      } else {
        running.put(event.subject(), event);
        if (!moving && begun.add(event.subject())) {
          err.println("kata: " + verb(event) + " " + subject(event));
        }
      }
      if (moving) {
        err.print(ERASE_LINE + line());
      }
      err.flush();
    } finally {
      writing.unlock();
    }
  }

  /** It may be the name of a file, or of an image. */
  private static String subject(ProgressEvent event) {
    return PrintableText.line(event.subject());
  }

  private static String verb(ProgressEvent event) {
    return switch (event.activity()) {
      case PULL -> "pulling";
      case IMPORT -> "importing";
      case UNPACK -> "unpacking";
      case GUEST_BUILD -> "building";
    };
  }

  /** All that runs in one bar, named by what began first. */
  private String line() {
    if (running.isEmpty()) {
      return "";
    }
    long done = 0;
    long total = 0;
    boolean known = true;
    for (ProgressEvent each : running.values()) {
      done += each.done();
      known &= each.total().isPresent();
      total += each.total().orElse(0);
    }
    ProgressEvent first = running.values().iterator().next();
    String what =
        verb(first)
            + " "
            + subject(first)
            + (running.size() > 1 ? " and " + (running.size() - 1) + " more" : "");
    if (!known || total <= 0) {
      return what + (done > 0 ? " " + ImageCommand.size(done) : "");
    }
    int filled = (int) Math.min(WIDTH, WIDTH * done / total);
    return "["
        + "#".repeat(filled)
        + ".".repeat(WIDTH - filled)
        + "] "
        + what
        + " "
        + ImageCommand.size(done)
        + " of "
        + ImageCommand.size(total);
  }

  /** Takes the moving line away, for what is printed next. */
  void clear() {
    if (moving) {
      err.print(ERASE_LINE);
      err.flush();
    }
  }

  @Override
  public void close() {
    clear();
  }
}
