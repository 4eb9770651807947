package io.katajava.cli;

import java.io.PrintWriter;

/** Steps of a longer command: a bar on a terminal, nothing in a pipe. */
final class Progress implements AutoCloseable {
  private static final int WIDTH = 20;
  private static final String ERASE_LINE = "\r\u001b[K";

  private final PrintWriter err;
  private final boolean shown;
  private final int steps;
  private int done;

  Progress(PrintWriter err, Terminal terminal, int steps) {
    this.err = err;
    this.shown = terminal.progress();
    this.steps = steps;
  }

  /** The step that begins now; those before are done. */
  void step(String what) {
    if (shown) {
      int filled = WIDTH * done / steps;
      err.print(
          ERASE_LINE
              + "["
              + "#".repeat(filled)
              + ".".repeat(WIDTH - filled)
              + "] "
              + (done + 1)
              + "/"
              + steps
              + " "
              + what);
      err.flush();
    }
    done = Math.min(done + 1, steps - 1);
  }

  @Override
  public void close() {
    if (shown) {
      err.print(ERASE_LINE);
      err.flush();
    }
  }
}
