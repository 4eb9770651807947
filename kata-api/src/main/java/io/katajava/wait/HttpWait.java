package io.katajava.wait;

import io.katajava.Network.Mapping;
import io.katajava.PublishedPort.Protocol;
import io.katajava.Sandbox;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * A wait strategy that waits until an HTTP request is answered as expected, at a published port of
 * the sandbox, which therefore needs a {@linkplain io.katajava.Network#user user network}. Without
 * TLS. Redirects are answers like others and not followed. Immutable; begins with {@link
 * Wait#forHttp}.
 */
public final class HttpWait implements WaitStrategy {
  /** How long one request may take before it is tried again. */
  public static final Duration DEFAULT_REQUEST_TIMEOUT = Duration.ofSeconds(10);

  private static final int MOST_OF_BODY = 1 << 20;

  private record Expected(Set<Integer> statuses, Predicate<String> body) {}

  private record Request(
      String method,
      String path,
      Optional<Integer> guestPort,
      Map<String, String> headers,
      Duration timeout) {}

  private final Request request;
  private final Expected expected;

  private HttpWait(Request request, Expected expected) {
    this.request = request;
    this.expected = expected;
  }

  static HttpWait of(String path) {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException("a path begins with a slash, got '" + path + "'");
    }
    return new HttpWait(
        new Request("GET", path, Optional.empty(), Map.of(), DEFAULT_REQUEST_TIMEOUT),
        new Expected(Set.of(200), body -> true));
  }

  /**
   * Asks at this port. Default: the only TCP port that is published.
   *
   * @param guestPort in the guest, published
   * @return a strategy
   */
  public HttpWait forPort(int guestPort) {
    return new HttpWait(
        new Request(
            request.method, request.path, Optional.of(guestPort), request.headers, request.timeout),
        expected);
  }

  /**
   * Asks at this port, unless {@link #forPort} named one.
   *
   * @param guestPort in the guest, published
   * @return a strategy
   */
  @Override
  public HttpWait atPort(int guestPort) {
    return request.guestPort.isPresent() ? this : forPort(guestPort);
  }

  /**
   * Uses this method. Default: {@code GET}.
   *
   * @param method one that {@link HttpURLConnection#setRequestMethod} knows
   * @return a strategy
   */
  public HttpWait withMethod(String method) {
    return new HttpWait(
        new Request(method, request.path, request.guestPort, request.headers, request.timeout),
        expected);
  }

  /**
   * Sends this header, too. Default: none but the usual.
   *
   * @param name its name; a later value replaces an earlier one
   * @param value its value
   * @return a strategy
   */
  public HttpWait withHeader(String name, String value) {
    Map<String, String> headers = new TreeMap<>(request.headers);
    headers.put(name, value);
    return new HttpWait(
        new Request(
            request.method, request.path, request.guestPort, Map.copyOf(headers), request.timeout),
        expected);
  }

  /**
   * Gives up a request after this time, and tries again. Default: {@link #DEFAULT_REQUEST_TIMEOUT}.
   *
   * @param timeout for the connection and for each read, positive
   * @return a strategy
   * @throws IllegalArgumentException if it is not positive
   */
  public HttpWait withRequestTimeout(Duration timeout) {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException(
          "the timeout of a request must be positive, got " + timeout);
    }
    return new HttpWait(
        new Request(request.method, request.path, request.guestPort, request.headers, timeout),
        expected);
  }

  /**
   * Expects one of these statuses. Default: 200.
   *
   * @param statuses at least one
   * @return a strategy
   * @throws IllegalArgumentException if there is none
   */
  public HttpWait forStatus(int... statuses) {
    if (statuses.length == 0) {
      throw new IllegalArgumentException("a wait for an answer needs at least one expected status");
    }
    Set<Integer> all = new TreeSet<>();
    for (int status : statuses) {
      all.add(status);
    }
    return new HttpWait(request, new Expected(Set.copyOf(all), expected.body));
  }

  /**
   * Expects a body. Default: any.
   *
   * @param body tells whether the answer's body, its first MiB as UTF-8, is as expected
   * @return a strategy
   */
  public HttpWait forBody(Predicate<String> body) {
    return new HttpWait(request, new Expected(expected.statuses, body));
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    InetSocketAddress at = address(waiting.container().sandbox());
    waiting.poll(() -> ask(waiting, at));
  }

  private InetSocketAddress address(Sandbox sandbox) {
    List<Mapping> published =
        sandbox.network().published().stream()
            .filter(one -> one.protocol() == Protocol.TCP)
            .filter(one -> request.guestPort.map(port -> port == one.guestPort()).orElse(true))
            .toList();
    if (published.size() != 1) {
      throw new IllegalStateException(
          describe()
              + " needs a published TCP port"
              + request.guestPort.map(port -> ", " + port).orElse("")
              + ", and "
              + (published.isEmpty() ? "none is published" : "there are several: " + published)
              + "; see Network.user(n -> n.publish(...)) and HttpWait.forPort");
    }
    InetSocketAddress host = published.get(0).host();
    return host.getAddress().isAnyLocalAddress()
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), host.getPort())
        : host;
  }

  private boolean ask(Waiting waiting, InetSocketAddress at) throws IOException {
    String host = at.getAddress().getHostAddress();
    URI uri =
        URI.create(
            "http://"
                + (host.contains(":") ? "[" + host + "]" : host)
                + ":"
                + at.getPort()
                + request.path);
    HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection(Proxy.NO_PROXY);
    try {
      return waiting.await(Asking.on(waiting, () -> isAsExpected(connection, waiting)));
    } finally {
      // Ends the thread, too, whatever it reads.
      connection.disconnect();
    }
  }

  private boolean isAsExpected(HttpURLConnection connection, Waiting waiting) throws IOException {
    int millis = Math.toIntExact(Math.min(request.timeout.toMillis(), Integer.MAX_VALUE));
    connection.setConnectTimeout(Math.max(1, millis));
    connection.setReadTimeout(Math.max(1, millis));
    connection.setInstanceFollowRedirects(false);
    connection.setUseCaches(false);
    connection.setRequestMethod(request.method);
    connection.setRequestProperty("Connection", "close");
    request.headers.forEach(connection::setRequestProperty);
    int status = connection.getResponseCode();
    if (!expected.statuses.contains(status)) {
      waiting.missing("the answer was " + status);
      return false;
    }
    String body = "";
    try (InputStream in =
        status >= 400 ? connection.getErrorStream() : connection.getInputStream()) {
      if (in != null) {
        body = new String(in.readNBytes(MOST_OF_BODY), StandardCharsets.UTF_8);
      }
    }
    if (!expected.body.test(body)) {
      waiting.missing("the answer was " + status + " with another body");
      return false;
    }
    return true;
  }

  @Override
  public String describe() {
    return request.method
        + " "
        + request.path
        + " to be answered with "
        + expected.statuses.stream().sorted().map(String::valueOf).collect(Collectors.joining("/"));
  }
}
