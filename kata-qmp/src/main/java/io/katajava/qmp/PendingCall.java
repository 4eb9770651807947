package io.katajava.qmp;

import io.katajava.json.JsonCursor;
import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonValue;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A command that waits for its reply. Completed by the reader with nothing but the message. */
final class PendingCall {
  final long id;
  final QmpCommand<?> command;
  final long sentAt = System.nanoTime();
  final CompletableFuture<JsonObject> reply = new CompletableFuture<>();
  private final QmpObserver observer;
  private final @Nullable Object seen;

  /** Whether the observer was told; only the thread that ends the call looks. */
  private boolean ended;

  /** Whether a thread waits for the reply, or is about to. */
  volatile boolean awaited;

  PendingCall(long id, QmpCommand<?> command, QmpObserver observer) {
    this.id = id;
    this.command = command;
    this.observer = observer;
    this.seen = observer.begin(command.commandName());
  }

  /** Tells the observer, once: the first word counts. */
  void ended(@Nullable Throwable failure) {
    if (!ended) {
      ended = true;
      observer.end(seen, command.commandName(), System.nanoTime() - sentAt, failure);
    }
  }

  /** Turns a reply into the result of the command, or into the exception it stands for. */
  static <R> R result(QmpCommand<R> command, JsonObject message, @Nullable QmpVersion version) {
    String name = command.commandName();
    JsonValue value = message.get("return");
    try {
      if (value != null) {
        return command.decodeResult(JsonCursor.of(value, name));
      }
      JsonCursor error = JsonCursor.of(message, name).member("error");
      throw new QmpCommandException(
          name,
          command.toJson(),
          error.member("class").string(),
          error.member("desc").string(),
          version);
    } catch (JsonException e) {
      throw new QmpProtocolException(
          "the reply to " + name + " is not what the schema says: " + e.getMessage(),
          shortened(message.toString()),
          e);
    }
  }

  static String shortened(String text) {
    return text.length() > 300 ? text.substring(0, 300) + "..." : text;
  }

  byte[] encode(boolean outOfBand) {
    StringBuilder text = new StringBuilder(128);
    text.append(outOfBand ? "{\"exec-oob\":\"" : "{\"execute\":\"");
    text.append(command.commandName()).append("\",");
    JsonObject arguments = command.toJson();
    if (!arguments.isEmpty()) {
      text.append("\"arguments\":").append(arguments.toJson()).append(',');
    }
    text.append("\"id\":").append(id).append("}\n");
    return text.toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }
}
