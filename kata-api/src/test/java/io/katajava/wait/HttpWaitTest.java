package io.katajava.wait;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.katajava.Container;
import io.katajava.Network;
import io.katajava.PublishedPort.Protocol;
import io.katajava.Sandbox;
import io.katajava.SandboxNetwork;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** HTTP waits against a server of this JVM, which stands for a published port. */
@Timeout(120)
class HttpWaitTest {
  private HttpServer server;
  private final AtomicInteger requests = new AtomicInteger();

  @BeforeEach
  void listen() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.start();
  }

  @AfterEach
  void close() {
    server.stop(0);
  }

  /** The port 80 of a guest is the server's. */
  private final class Once implements Waiting {
    private final AtomicReference<String> missing = new AtomicReference<>("");
    private final List<Network.Mapping> published =
        List.of(
            new Network.Mapping(
                Protocol.UDP, 80, new InetSocketAddress(InetAddress.getLoopbackAddress(), 9)),
            new Network.Mapping(
                Protocol.TCP, 80, new InetSocketAddress(server.getAddress().getPort())));

    @Override
    public Container container() {
      Object network =
          proxy(SandboxNetwork.class, (name) -> name.equals("published") ? published : null);
      Object sandbox = proxy(Sandbox.class, (name) -> name.equals("network") ? network : null);
      return (Container) proxy(Container.class, (name) -> name.equals("sandbox") ? sandbox : "web");
    }

    @Override
    public ContainerNotReadyException unhealthy(String reason) {
      throw new AssertionError("no health check is asked");
    }

    private static Object proxy(
        Class<?> type,
        java.util.function.Function<String, @org.jspecify.annotations.Nullable Object> answers) {
      return Proxy.newProxyInstance(
          type.getClassLoader(),
          new Class<?>[] {type},
          (self, method, arguments) -> answers.apply(method.getName()));
    }

    @Override
    public Duration remaining() {
      return Duration.ofMinutes(1);
    }

    @Override
    public void missing(String reason) {
      missing.set(reason);
    }

    @Override
    public <T> T await(CompletableFuture<T> event) {
      return event.join();
    }

    @Override
    public void poll(Probe probe) {
      try {
        for (int i = 0; i < 3; i++) {
          if (probe.ask()) {
            return;
          }
        }
      } catch (Exception e) {
        throw new AssertionError("not ready: " + e, e);
      }
      throw new AssertionError("not ready: " + missing.get());
    }

    @Override
    public Waiting within(Duration limit) {
      return this;
    }
  }

  private void answer(String path, int firstStatus, int status, String body) {
    server.createContext(
        path,
        exchange -> reply(exchange, requests.incrementAndGet() == 1 ? firstStatus : status, body));
  }

  private static void reply(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes =
        (body + exchange.getRequestMethod() + exchange.getRequestHeaders().getFirst("X-Kata"))
            .getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Test
  void http_answeredAsExpected_isReady() {
    answer("/health", 503, 200, "UP ");
    Once once = new Once();
    Wait.forHttp("/health?full=1")
        .forPort(80)
        .withHeader("X-Kata", "yes")
        .forBody(body -> body.equals("UP GETyes"))
        .waitUntilReady(once);
    assertThat(requests).hasValue(2);
    assertThat(once.missing).hasValue("the answer was 503");
  }

  @Test
  void http_statusAndMethod_areAsTold() {
    answer("/", 302, 302, "");
    Wait.forHttp("/").withMethod("POST").forStatus(404, 302).waitUntilReady(new Once());
    assertThat(Wait.forHttp("/").forStatus(404, 302).describe())
        .isEqualTo("GET / to be answered with 302/404");
    answer("/missing", 404, 404, "gone ");
    Wait.forHttp("/missing")
        .forStatus(404)
        .forBody(body -> body.startsWith("gone"))
        .waitUntilReady(new Once());
  }

  @Test
  void http_otherBodyOrNoAnswer_isNotReady() {
    answer("/", 200, 200, "DOWN");
    assertThatThrownBy(
            () -> Wait.forHttp("/").forBody(body -> body.equals("UP")).waitUntilReady(new Once()))
        .hasMessageContaining("the answer was 200 with another body");
    Once once = new Once();
    server.stop(0);
    assertThatThrownBy(
            () -> Wait.forHttp("/").withRequestTimeout(Duration.ofSeconds(30)).waitUntilReady(once))
        .hasMessageContaining("ConnectException");
  }

  @Test
  void http_withoutAPort_asksAtTheOneThatMatters() {
    assertThatThrownBy(() -> Wait.forHttp("/").atPort(81).waitUntilReady(new Once()))
        .hasMessageContaining("needs a published TCP port, 81");
    WaitStrategy within =
        Wait.forAll(Wait.forAny(Wait.forHttp("/").withTimeout(Duration.ofMinutes(1))));
    assertThatThrownBy(() -> Wait.forAll(within.atPort(82)).waitUntilReady(new Once()))
        .hasMessageContaining("needs a published TCP port, 82");
    answer("/", 200, 200, "UP");
    Wait.forHttp("/").forPort(80).atPort(81).waitUntilReady(new Once());
    assertThat(Wait.until("x", container -> true).atPort(1).describe()).isEqualTo("x");
  }

  @Test
  void http_portThatIsNotPublished_isRefused() {
    assertThatThrownBy(() -> Wait.forHttp("/").forPort(81).waitUntilReady(new Once()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("needs a published TCP port, 81");
  }
}
