package io.katajava.qmp;

import io.katajava.json.JsonObject;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Waiting for a reply in the caller's thread; what to say when none comes. */
final class Replies {
  private Replies() {}

  /** Waits until the deadline; whatever happens, the call is not under way afterwards. */
  static <R> R await(
      Session session, PendingCall call, QmpCommand<R> command, long deadline, Duration timeout) {
    try {
      R result = reply(session, call, command, deadline, timeout);
      call.ended(null);
      return result;
    } catch (RuntimeException | Error e) {
      call.ended(e);
      throw e;
    }
  }

  private static <R> R reply(
      Session session, PendingCall call, QmpCommand<R> command, long deadline, Duration timeout) {
    boolean waiting = true;
    try {
      session.read(call, deadline);
      long left = Math.max(0, deadline - System.nanoTime());
      JsonObject message = call.reply.get(left, TimeUnit.NANOSECONDS);
      waiting = false;
      return PendingCall.result(command, message, session.version());
    } catch (TimeoutException e) {
      session.abandon(call, true);
      waiting = false;
      throw timedOut(session, command, timeout, e);
    } catch (ExecutionException e) {
      throw session.failure("the reply to " + command.commandName());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpInterruptedException("the reply to " + command.commandName(), e);
    } finally {
      if (waiting) {
        session.abandon(call, false);
      }
    }
  }

  static QmpTimeoutException timedOut(
      Session session, QmpCommand<?> command, Duration timeout, @Nullable Throwable cause) {
    QmpVersion version = session.version();
    String who = version == null ? "the peer" : "QEMU " + version;
    String message =
        command.commandName()
            + " was not answered by "
            + who
            + " at "
            + session.connection().describe()
            + " within "
            + timeout
            + "; nothing came for "
            + session.silentMillis()
            + " ms"
            + (session.unresponsive() ? ", the monitor is unresponsive" : "");
    return new QmpTimeoutException(message, timeout, session.unresponsive(), cause);
  }
}
