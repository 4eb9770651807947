package io.katajava.qmp.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import io.katajava.transport.UnixSocketConnection;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicBoolean;

/** One client of a {@link FakeQemu}. Sending to a client that is gone does nothing. */
public final class FakeSession {
  private static final String TIMESTAMP =
      "\"timestamp\": {\"seconds\": 1700000000, \"microseconds\": 250000}";

  private final UnixSocketConnection connection;
  private final AtomicBoolean claimed = new AtomicBoolean();

  FakeSession(UnixSocketConnection connection) {
    this.connection = connection;
  }

  /**
   * Answers a request with a result.
   *
   * @param request the request
   * @param json the value of {@code return}
   */
  public void reply(JsonObject request, String json) {
    send("{\"return\": " + json + id(request) + "}\r\n");
  }

  /**
   * Answers a request with an error.
   *
   * @param request the request
   * @param errorClass the class of the error
   * @param description its text
   */
  public void fail(JsonObject request, String errorClass, String description) {
    String text = new JsonString(description).toJson();
    send(
        "{\"error\": {\"class\": \""
            + errorClass
            + "\", \"desc\": "
            + text
            + "}"
            + id(request)
            + "}\r\n");
  }

  /**
   * Sends an event.
   *
   * @param name its name
   * @param json its data
   */
  public void event(String name, String json) {
    send("{\"event\": \"" + name + "\", \"data\": " + json + ", " + TIMESTAMP + "}\r\n");
  }

  /**
   * Sends anything.
   *
   * @param text the text
   */
  public void send(String text) {
    send(text.getBytes(UTF_8));
  }

  /**
   * Sends anything.
   *
   * @param bytes the bytes
   */
  public void send(byte[] bytes) {
    try {
      connection.write(ByteBuffer.wrap(bytes));
    } catch (IOException e) {
      // The client is gone.
    }
  }

  /**
   * Claims the session for a test that meets several in a row.
   *
   * @return whether nobody had claimed it
   */
  public boolean claim() {
    return claimed.compareAndSet(false, true);
  }

  /** Hangs up. */
  public void hangUp() {
    connection.close();
  }

  private static String id(JsonObject request) {
    JsonValue id = request.get("id");
    return id == null ? "" : ", \"id\": " + id.toJson();
  }
}
