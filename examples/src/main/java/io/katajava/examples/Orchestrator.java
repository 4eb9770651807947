package io.katajava.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.katajava.BirthPolicy;
import io.katajava.BorrowPolicy;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxPool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A small orchestrator: {@code POST /run} with a script answers what it printed, from a machine
 * that nobody used before; {@code GET /pool} tells how many are ready. The pool keeps machines
 * warm, and bounds how many there are.
 *
 * <p>Statuses: 200 for a command that went well, 422 for one that did not, 504 for one that took
 * too long, 503 when all machines are in use. The header {@code Outcome} has the details.
 */
public final class Orchestrator implements AutoCloseable {
  private static final int LONGEST_SCRIPT = 64 * 1024;

  private final SandboxPool pool;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newFixedThreadPool(8);
  private final Duration limit;

  /**
   * Starts to serve on this host alone.
   *
   * @param kata runtime; not closed
   * @param port of the loopback address; 0 for a free one
   * @param limit how long a script may take
   * @throws IOException if the port is taken
   */
  public Orchestrator(Kata kata, int port, Duration limit) throws IOException {
    this.limit = limit;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    pool =
        kata.pool()
            .sandbox(
                sandbox ->
                    sandbox.memory(MemorySize.mebibytes(256)).birth(BirthPolicy.TEMPLATE_ON_DEMAND))
            .minimumIdle(1)
            .maximum(3)
            .whenEmpty(BorrowPolicy.WAIT)
            .borrowTimeout(Duration.ofMinutes(1))
            .build();
    server.createContext("/run", exchange -> answer(exchange, this::run));
    server.createContext("/pool", exchange -> answer(exchange, this::statistics));
    server.setExecutor(threads);
    server.start();
  }

  private record Answer(int status, String outcome, String body) {}

  private interface Handler {
    Answer handle(HttpExchange exchange) throws IOException;
  }

  /**
   * Where it serves.
   *
   * @return the port
   */
  public int port() {
    return server.getAddress().getPort();
  }

  private Answer run(HttpExchange exchange) throws IOException {
    if (!exchange.getRequestMethod().equals("POST")) {
      return new Answer(405, "POST a script", "");
    }
    byte[] script = exchange.getRequestBody().readNBytes(LONGEST_SCRIPT + 1);
    if (script.length > LONGEST_SCRIPT) {
      return new Answer(413, "a script has at most " + LONGEST_SCRIPT + " bytes", "");
    }
    try (Sandbox sandbox = pool.borrow()) {
      ExecResult result =
          sandbox.exec(
              exec ->
                  exec.command("sh", "-c", new String(script, StandardCharsets.UTF_8))
                      .user("nobody")
                      .timeout(limit)
                      .outputLimit(MemorySize.mebibytes(1)));
      boolean late = result.outcome() instanceof ExecOutcome.TimedOut;
      int status = result.isSuccess() ? 200 : late ? 504 : 422;
      return new Answer(
          status, result.outcome().describe(), result.stdoutText() + result.stderrText());
    } catch (KataException e) {
      boolean busy = e.code() == ErrorCode.POOL_EMPTY || e.code() == ErrorCode.TIMEOUT;
      return new Answer(busy ? 503 : 500, e.code().name(), "");
    }
  }

  private Answer statistics(HttpExchange exchange) {
    return new Answer(200, "", pool.statistics() + "\n");
  }

  private static void answer(HttpExchange exchange, Handler handler) throws IOException {
    try (exchange) {
      Answer answer = handler.handle(exchange);
      byte[] body = answer.body.getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
      exchange.getResponseHeaders().set("Outcome", answer.outcome);
      exchange.sendResponseHeaders(answer.status, body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /** Ends the server, then the machines. */
  @Override
  public void close() {
    server.stop(0);
    threads.shutdown();
    pool.close();
  }

  /**
   * Serves until it is ended; the machines end with it.
   *
   * @param arguments the port, optional; 8080
   * @throws IOException if the port is taken
   * @throws InterruptedException never
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 8080;
    try (Kata kata = Kata.create();
        Orchestrator orchestrator = new Orchestrator(kata, port, Duration.ofSeconds(30))) {
      System.out.println("curl --data 'uname -a' http://localhost:" + orchestrator.port() + "/run");
      // Not until the end of input: who runs it in the background has none.
      new CountDownLatch(1).await();
    }
  }
}
