package io.katajava.qmp.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import io.katajava.transport.UnixSocketConnection;
import io.katajava.transport.UnixSocketListener;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A QMP server on a real unix socket: it greets, negotiates, answers as scripted, and records what
 * it was asked. One client at a time, like QEMU.
 *
 * <pre>{@code
 * try (FakeQemu qemu = FakeQemu.listenIn(directory).returning("query-status", RUNNING)) {
 *   ...
 *   assertThat(qemu.commands()).containsExactly("qmp_capabilities", "query-status");
 * }
 * }</pre>
 */
public final class FakeQemu implements AutoCloseable {
  /** What a QEMU 10 says first. */
  public static final String GREETING =
      "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 2, \"minor\": 0, \"major\": 10}, \"package\": \"fake\"},"
          + " \"capabilities\": [\"oob\"]}}\r\n";

  /** What is done with a command; several may be under way at once. */
  public interface Answer {
    /**
     * Answers, or does not.
     *
     * @param session where to send to
     * @param request the whole message: {@code execute}, {@code arguments}, {@code id}
     */
    void to(FakeSession session, JsonObject request);
  }

  private final UnixSocketListener listener;
  private final Thread acceptor;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<JsonObject> requests = new CopyOnWriteArrayList<>();
  private volatile String greeting = GREETING;
  private volatile @Nullable FakeSession session;
  private volatile boolean closed;

  private FakeQemu(UnixSocketListener listener) {
    this.listener = listener;
    answers.put("qmp_capabilities", (to, request) -> to.reply(request, "{}"));
    acceptor = new Thread(this::serve, "fake-qemu");
    acceptor.setDaemon(true);
    acceptor.start();
  }

  /**
   * Listens on {@code qmp.sock} in a directory.
   *
   * @param directory where to
   * @return the server
   */
  public static FakeQemu listenIn(Path directory) {
    try {
      return new FakeQemu(UnixSocketListener.listen(directory.resolve("qmp.sock")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Sends something else, or nothing, instead of the greeting.
   *
   * @param bytes what the next client gets first
   * @return this server
   */
  public FakeQemu greeting(String bytes) {
    this.greeting = bytes;
    return this;
  }

  /**
   * Scripts a command.
   *
   * @param command its name
   * @param answer what to do with it
   * @return this server
   */
  public FakeQemu answering(String command, Answer answer) {
    answers.put(command, answer);
    return this;
  }

  /**
   * Has a command return a value.
   *
   * @param command its name
   * @param json the value of {@code return}
   * @return this server
   */
  public FakeQemu returning(String command, String json) {
    return answering(command, (to, request) -> to.reply(request, json));
  }

  /**
   * Has a command return a value that depends on its arguments.
   *
   * @param command its name
   * @param json from the arguments to the value of {@code return}
   * @return this server
   */
  public FakeQemu returning(String command, Function<JsonObject, String> json) {
    return answering(
        command,
        (to, request) -> {
          JsonObject arguments =
              request.get("arguments") instanceof JsonObject given ? given : JsonObject.EMPTY;
          to.reply(request, json.apply(arguments));
        });
  }

  /**
   * Has a command fail.
   *
   * @param command its name
   * @param errorClass the class of the error
   * @param description its text
   * @return this server
   */
  public FakeQemu failing(String command, String errorClass, String description) {
    return answering(command, (to, request) -> to.fail(request, errorClass, description));
  }

  /**
   * Has a command be ignored.
   *
   * @param command its name
   * @return this server
   */
  public FakeQemu silentOn(String command) {
    return answering(command, (to, request) -> {});
  }

  /**
   * Returns where it listens.
   *
   * @return the socket
   */
  public Path socket() {
    return listener.path();
  }

  /**
   * Returns what it was asked, in order.
   *
   * @return the names of the commands
   */
  public List<String> commands() {
    return requests.stream().map(FakeQemu::name).toList();
  }

  /**
   * Returns what it was asked, in order.
   *
   * @return the whole messages
   */
  public List<JsonObject> requests() {
    return List.copyOf(requests);
  }

  /**
   * Returns the current client's session.
   *
   * @return the session
   */
  public FakeSession session() {
    FakeSession current = session;
    if (current == null) {
      throw new IllegalStateException("no client has connected yet");
    }
    return current;
  }

  private static String name(JsonObject request) {
    JsonValue name = request.has("exec-oob") ? request.get("exec-oob") : request.get("execute");
    return name instanceof JsonString text ? text.value() : "?";
  }

  private void serve() {
    while (!closed) {
      try (UnixSocketConnection connection = listener.accept()) {
        FakeSession current = new FakeSession(connection);
        session = current;
        if (!greeting.isEmpty()) {
          current.send(greeting);
        }
        converse(current, connection);
      } catch (IOException e) {
        // The client went away, or the test is over.
      }
    }
  }

  private void converse(FakeSession current, UnixSocketConnection connection) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(64 * 1024);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (connection.read(buffer.clear()) >= 0) {
      buffer.flip();
      while (buffer.hasRemaining()) {
        byte next = buffer.get();
        if (next == (byte) 0xFF) {
          line.reset();
        } else if (next == '\n') {
          request(current, line.toString(UTF_8));
          line.reset();
        } else {
          line.write(next);
        }
      }
    }
  }

  private void request(FakeSession current, String line) {
    JsonObject request;
    try {
      request = JsonObject.parse(line);
    } catch (JsonException e) {
      current.send(
          "{\"error\": {\"class\": \"GenericError\", \"desc\": \"JSON parse error\"}}\r\n");
      return;
    }
    requests.add(request);
    Answer answer = answers.get(name(request));
    if (answer == null) {
      current.fail(
          request, "CommandNotFound", "The command " + name(request) + " has not been found");
    } else {
      answer.to(current, request);
    }
  }

  /** Hangs up, stops listening and ends the thread. */
  @Override
  public void close() {
    closed = true;
    listener.close();
    FakeSession current = session;
    if (current != null) {
      current.hangUp();
    }
    try {
      acceptor.join(TimeUnit.SECONDS.toMillis(10));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
