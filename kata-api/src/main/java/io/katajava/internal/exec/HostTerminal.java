package io.katajava.internal.exec;

import io.katajava.ExecSpec.TerminalSize;
import java.io.File;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This process's controlling terminal in raw mode. A helper process gives it its settings back when
 * the pipe to it closes, which a dying JVM does too: nothing that runs in the JVM could promise
 * that.
 */
final class HostTerminal implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HostTerminal.class);
  static final Path DEVICE = Path.of("/dev/tty");
  private static final long STTY_SECONDS = 10;

  /** Ignored signals stay ignored in stty: it may write to the terminal from the background. */
  private static final String KEEPER =
      """
      trap '' INT QUIT TERM HUP TTOU TSTP
      stty raw -echo </dev/tty || exit 1
      echo raw
      cat >/dev/null
      stty "$1" </dev/tty
      """;

  private final Process keeper;
  private @Nullable Object previousHandler;
  private @Nullable Object resizeSignal;

  private HostTerminal(Process keeper) {
    this.keeper = keeper;
  }

  /**
   * Makes the terminal raw.
   *
   * @throws IOException if there is no terminal or it cannot be set
   */
  static HostTerminal open() throws IOException {
    String settings = stty("-g");
    Process keeper =
        new ProcessBuilder("sh", "-c", KEEPER, "kata-terminal", settings)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String answer = new String(keeper.getInputStream().readNBytes(4), StandardCharsets.US_ASCII);
    HostTerminal terminal = new HostTerminal(keeper);
    if (!answer.equals("raw\n")) {
      terminal.close();
      throw new IOException("stty could not make the terminal raw");
    }
    return terminal;
  }

  /** The terminal's size; empty when it does not know. */
  static Optional<TerminalSize> size() {
    try {
      String[] words = stty("size").split(" ", 2);
      return Optional.of(new TerminalSize(Integer.parseInt(words[1]), Integer.parseInt(words[0])));
    } catch (IOException | RuntimeException e) {
      // A serial line has 0 rows and columns.
      return Optional.empty();
    }
  }

  /** Runs a task whenever the window's size changes, if this JVM can see that. */
  void onResize(Runnable task) {
    try {
      // By reflection: the type is outside of the Java specification, though every JDK has it.
      Class<?> type = Class.forName("sun.misc.Signal");
      Class<?> handlerType = Class.forName("sun.misc.SignalHandler");
      Object signal = type.getConstructor(String.class).newInstance("WINCH");
      Object handler =
          Proxy.newProxyInstance(
              HostTerminal.class.getClassLoader(),
              new Class<?>[] {handlerType},
              (proxy, method, arguments) -> {
                String called = method.getName();
                if (called.equals("handle")) {
                  task.run();
                  return null;
                }
                return switch (called) {
                  case "hashCode" -> System.identityHashCode(proxy);
                  case "equals" -> arguments != null && proxy == arguments[0];
                  default -> "resize handler";
                };
              });
      previousHandler = type.getMethod("handle", type, handlerType).invoke(null, signal, handler);
      resizeSignal = signal;
    } catch (ReflectiveOperationException | RuntimeException e) {
      log.debug("changes of the window's size cannot be seen", e);
    }
  }

  private void restoreHandler() {
    if (resizeSignal == null || previousHandler == null) {
      return;
    }
    try {
      Class<?> type = Class.forName("sun.misc.Signal");
      type.getMethod("handle", type, Class.forName("sun.misc.SignalHandler"))
          .invoke(null, resizeSignal, previousHandler);
    } catch (ReflectiveOperationException | RuntimeException e) {
      log.debug("the signal handler could not be put back", e);
    }
    resizeSignal = null;
  }

  private static String stty(String argument) throws IOException {
    Process stty =
        new ProcessBuilder(List.of("stty", argument))
            .redirectInput(new File(DEVICE.toString()))
            .redirectErrorStream(true)
            .start();
    String answer =
        new String(stty.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
    if (await(stty) != 0) {
      throw new IOException("stty " + argument + ": " + answer);
    }
    return answer;
  }

  private static int await(Process process) {
    boolean interrupted = false;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(STTY_SECONDS);
    try {
      while (true) {
        try {
          if (process.waitFor(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
            return process.exitValue();
          }
          process.destroyForcibly();
          return -1;
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** Gives the terminal its settings back; returns when that is done. Idempotent. */
  @Override
  public void close() {
    restoreHandler();
    try {
      keeper.getOutputStream().close();
    } catch (IOException e) {
      log.debug("the terminal's keeper has ended", e);
    }
    if (await(keeper) != 0) {
      log.warn("the terminal's settings could not be restored; 'stty sane' helps");
    }
  }
}
