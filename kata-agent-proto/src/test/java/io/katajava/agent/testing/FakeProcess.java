package io.katajava.agent.testing;

import io.katajava.agent.internal.wire.Process;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** A process of the fake guest, as its program sees it. */
public final class FakeProcess {
  final FakePipe in = new FakePipe();
  final FakePipe out = new FakePipe();
  final FakePipe err = new FakePipe();
  final CompletableFuture<Integer> exit = new CompletableFuture<>();
  final boolean terminal;

  private final FakeGuest guest;
  private final List<String> arguments;
  private final Map<String, String> environment;
  private final String directory;
  private final UnaryOperator<String> paths;
  private final Thread thread;
  private volatile int columns;
  private volatile int rows;
  private volatile boolean started;

  FakeProcess(FakeGuest guest, FakeProgram program, Process process, UnaryOperator<String> paths) {
    this.guest = guest;
    this.arguments = List.copyOf(process.getArgsList());
    this.environment =
        process.getEnvList().stream()
            .map(entry -> entry.split("=", 2))
            .collect(Collectors.toMap(entry -> entry[0], entry -> entry[1], (a, b) -> b));
    this.directory = process.getCwd();
    this.paths = paths;
    this.terminal = process.getTerminal();
    this.thread = new Thread(() -> run(program), "fake-process-" + arguments.get(0));
    thread.setDaemon(true);
  }

  void start() {
    started = true;
    thread.start();
  }

  private void run(FakeProgram program) {
    int code;
    try {
      code = program.run(this);
    } catch (IOException e) {
      code = 1;
    } catch (InterruptedException e) {
      code = 128 + 9;
    }
    end(code);
  }

  /** The first end counts: a killed program's own result comes too late. */
  private void end(int code) {
    in.end();
    out.end();
    err.end();
    exit.complete(code);
  }

  void kill(int signal) {
    end(128 + signal);
    thread.interrupt();
    if (!started) {
      started = true;
    }
  }

  void join() throws InterruptedException {
    thread.join(5_000);
  }

  void resize(int newColumns, int newRows) {
    columns = newColumns;
    rows = newRows;
  }

  /**
   * The command line.
   *
   * @return program first
   */
  public List<String> arguments() {
    return arguments;
  }

  /**
   * The environment.
   *
   * @return names to values
   */
  public Map<String, String> environment() {
    return environment;
  }

  /**
   * The working directory.
   *
   * @return absolute path in the container
   */
  public String directory() {
    return directory;
  }

  /**
   * The size of the terminal.
   *
   * @return rows and columns, as {@code stty size} prints them; zeros before it was set
   */
  public String terminalSize() {
    return rows + " " + columns;
  }

  /**
   * A file that was copied into the guest.
   *
   * @param path in the container; its mounts are followed
   * @return the content
   * @throws IOException if there is none
   */
  public byte[] file(String path) throws IOException {
    byte[] content = guest.files().get(paths.apply(path));
    if (content == null) {
      throw new IOException("no such file: " + path);
    }
    return content;
  }

  /**
   * Standard input.
   *
   * @return ends when the client closes it
   */
  public InputStream stdin() {
    return in.reader();
  }

  /**
   * Standard output, with a terminal all output.
   *
   * @return writes wait while 64 KiB are unread
   */
  public OutputStream stdout() {
    return out.writer();
  }

  /**
   * Standard error; with a terminal it goes to standard output.
   *
   * @return writes wait while 64 KiB are unread
   */
  public OutputStream stderr() {
    return terminal ? out.writer() : err.writer();
  }
}
