package io.katajava.qemu.internal;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.json.JsonException;
import io.katajava.qmp.QmpClosedException;
import io.katajava.qmp.QmpConnectException;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.QmpProtocolException;
import io.katajava.qmp.QmpTimeoutException;
import java.util.function.Supplier;

/** What goes wrong on the control connection, as whoever asked the machine is told of it. */
final class MonitorFailure {
  private MonitorFailure() {}

  /**
   * Asks, and says what was attempted when that fails.
   *
   * @param attempt what is attempted, a clause after "could not"
   */
  static <T> T translating(String sandboxId, String attempt, Supplier<T> call) {
    try {
      return call.get();
    } catch (QmpException | JsonException e) {
      throw of(sandboxId, attempt, e);
    }
  }

  static void translating(String sandboxId, String attempt, Runnable call) {
    try {
      call.run();
    } catch (QmpException | JsonException e) {
      throw of(sandboxId, attempt, e);
    }
  }

  static KataException of(String sandboxId, String attempt, RuntimeException failure) {
    ErrorCode code = code(failure);
    return new KataException(
        code,
        "could not " + attempt + " (sandbox " + sandboxId + "): " + failure.getMessage(),
        Details.none().withSandbox(sandboxId).withRemedy(remedy(code, failure)).withCause(failure));
  }

  /** An interrupt as the JDK's own, for whoever passes that on; the thread's flag is cleared. */
  static InterruptedException interrupted(QmpInterruptedException e) {
    Thread.interrupted();
    InterruptedException interrupted = new InterruptedException(e.getMessage());
    interrupted.initCause(e);
    return interrupted;
  }

  private static ErrorCode code(RuntimeException failure) {
    if (failure instanceof QmpInterruptedException) {
      return ErrorCode.INTERRUPTED;
    }
    if (failure instanceof QmpClosedException) {
      return ErrorCode.VM_EXITED;
    }
    boolean silent =
        failure instanceof QmpTimeoutException
            || failure instanceof QmpConnectException
            || failure instanceof QmpProtocolException
            || failure instanceof JsonException;
    return silent ? ErrorCode.VM_UNRESPONSIVE : ErrorCode.VM_REFUSED;
  }

  private static String remedy(ErrorCode code, RuntimeException failure) {
    if (failure instanceof QmpProtocolException || failure instanceof JsonException) {
      return "Check that the binary is QEMU; if it is, report its release and this message";
    }
    return switch (code) {
      case INTERRUPTED -> "The outcome is unknown; ask the machine for its state";
      case VM_EXITED ->
          "Read QEMU's last messages in the sandbox's events, and start another sandbox";
      case VM_UNRESPONSIVE ->
          "Give it more time if the host is busy, else close the sandbox and start another";
      default -> "Read QEMU's message; monitor().schema() says whether this QEMU has the command";
    };
  }
}
