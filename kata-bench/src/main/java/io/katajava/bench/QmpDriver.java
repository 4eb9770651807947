package io.katajava.bench;

import io.katajava.json.JsonCursor;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonValue;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.command.QueryQmpSchema;
import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.type.SchemaInfo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collections;
import java.util.List;

/**
 * What is measured of our client, in a JVM of its own so that it is a process like its peers'. Each
 * line on its input, {@code MODE COUNT}, is answered with figures.
 */
final class QmpDriver {
  /** Commands that are sent before the first reply is awaited. */
  static final int BATCH = 64;

  private static final Duration LIMIT = Duration.ofMinutes(1);
  private static final QueryStatus COMMAND = new QueryStatus();
  private static final List<QueryStatus> COMMANDS = Collections.nCopies(BATCH, COMMAND);

  private QmpDriver() {}

  /**
   * Serves until its input ends.
   *
   * @param arguments the socket of a monitor, and that of another for connections
   */
  public static void main(String[] arguments) throws IOException {
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    Path other = Path.of(arguments[1]);
    try (QmpClient qmp = QmpClient.connect(Path.of(arguments[0]))) {
      System.out.println("ready");
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        int space = line.indexOf(' ');
        int count = Integer.parseInt(line.substring(space + 1));
        System.out.println(
            switch (line.substring(0, space)) {
              case "single" -> seconds(() -> single(qmp, count));
              case "pipelined" -> seconds(() -> pipelined(qmp, count));
              case "connect" -> seconds(() -> connect(other, count));
              case "schema" -> seconds(() -> schema(qmp, count));
              default -> decode(qmp);
            });
      }
    }
  }

  private static String seconds(Runnable work) {
    long begin = System.nanoTime();
    work.run();
    return Double.toString((System.nanoTime() - begin) / 1e9);
  }

  private static void single(QmpClient qmp, int count) {
    for (int i = 0; i < count; i++) {
      qmp.execute(COMMAND);
    }
  }

  private static void pipelined(QmpClient qmp, int count) {
    for (int i = 0; i < count; i += BATCH) {
      qmp.executeAll(COMMANDS, LIMIT);
    }
  }

  private static void connect(Path socket, int count) {
    for (int i = 0; i < count; i++) {
      QmpClient.connect(socket).close();
    }
  }

  private static void schema(QmpClient qmp, int count) {
    for (int i = 0; i < count; i++) {
      qmp.execute(new QueryQmpSchema());
    }
  }

  /** From the reply's bytes to records: seconds, bytes allocated, length of the text, entries. */
  private static String decode(QmpClient qmp) {
    byte[] reply =
        qmp.execute(QmpClient.command("query-qmp-schema", JsonObject.EMPTY))
            .toJson()
            .getBytes(StandardCharsets.UTF_8);
    com.sun.management.ThreadMXBean threads =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long self = Thread.currentThread().getId();
    long before = threads.getThreadAllocatedBytes(self);
    long begin = System.nanoTime();
    List<SchemaInfo> entries =
        new QueryQmpSchema()
            .decodeResult(
                JsonCursor.of(JsonValue.parse(reply, 0, reply.length), "query-qmp-schema"));
    long nanos = System.nanoTime() - begin;
    long bytes = threads.getThreadAllocatedBytes(self) - before;
    return nanos / 1e9 + " " + bytes + " " + reply.length + " " + entries.size();
  }
}
