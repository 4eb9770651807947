package io.katajava.qmp;

import io.katajava.json.JsonCursor;
import io.katajava.json.JsonException;
import io.katajava.json.JsonNumber;
import io.katajava.json.JsonObject;
import io.katajava.qmp.command.QmpCapabilities;
import io.katajava.qmp.type.QMPCapability;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** How a session begins: greeting and capabilities with QEMU, a token with the guest agent. */
final class Handshake {
  private final Session session;
  private final QmpOptions options;
  private final long deadline;
  private final String where;

  Handshake(Session session, QmpOptions options, long deadline) {
    this.session = session;
    this.options = options;
    this.deadline = deadline;
    this.where = session.connection().describe();
  }

  void run() {
    if (options.isGuestAgent()) {
      synchronize();
    } else {
      negotiate();
    }
  }

  private void negotiate() {
    JsonObject greeting = greeting();
    QmpVersion version;
    Set<String> wanted;
    try {
      JsonCursor qmp = JsonCursor.of(greeting, "greeting").member("QMP");
      version = QmpVersion.decode(qmp.member("version"));
      List<String> offered = qmp.member("capabilities").list(JsonCursor::string);
      wanted = options.outOfBand() && offered.contains("oob") ? Set.of("oob") : Set.of();
    } catch (JsonException e) {
      throw new QmpProtocolException(
          "the greeting of " + where + " is malformed: " + e.getMessage(),
          PendingCall.shortened(greeting.toString()),
          e);
    }
    QmpCapabilities command =
        wanted.isEmpty()
            ? new QmpCapabilities()
            : QmpCapabilities.builder().enable(List.of(QMPCapability.OOB)).build();
    await(session.send(command, false), command);
    session.negotiated(version, wanted);
  }

  private JsonObject greeting() {
    try {
      return session
          .greeting()
          .get(Math.max(1, deadline - System.nanoTime()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new QmpConnectException(
          "connected to "
              + where
              + " but got no greeting within "
              + options.connectTimeout()
              + ": another client holds this monitor (QEMU serves one at a time), or QEMU is stuck",
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof QmpProtocolException protocol) {
        throw new QmpProtocolException(
            where + " does not speak QMP: " + protocol.getMessage(), protocol.received(), protocol);
      }
      throw new QmpConnectException(
          "connected to "
              + where
              + " but: "
              + Session.reason(e.getCause())
              + "; if QEMU runs, another client holds this monitor (QEMU serves one at a time)",
          e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new QmpInterruptedException("the greeting of " + where, e);
    }
  }

  private void synchronize() {
    long token = ThreadLocalRandom.current().nextLong(1, Integer.MAX_VALUE);
    RawCommand command = new RawCommand("guest-sync-delimited", JsonObject.EMPTY);
    try {
      if (!await(session.synchronize(token), command).equals(JsonNumber.of(token))) {
        throw new QmpProtocolException(
            "the guest agent at " + where + " did not return the token", "", null);
      }
    } catch (IOException e) {
      throw new QmpConnectException("the guest agent at " + where + " is gone", e);
    }
  }

  private <R> R await(PendingCall call, QmpCommand<R> command) {
    return Replies.await(session, call, command, deadline, options.connectTimeout());
  }
}
