package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.image.RegistryOptions;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * HTTP with one registry and the servers it names, such as those of its tokens. Knows proxies and
 * certificates, and whether it may be without TLS. Safe for several threads.
 */
final class RegistryHttp implements AutoCloseable {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(20);
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);

  private final String registry;
  private final boolean plainAllowed;
  private final ProxySelector proxies;
  private final HttpClient http;
  private final Deadline deadline;
  private final Set<WatchedBody> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  RegistryHttp(
      String registry, RegistryOptions options, Map<String, String> environment, Deadline deadline)
      throws IOException {
    this.registry = registry;
    this.deadline = deadline;
    this.proxies = EnvironmentProxies.choose(environment);
    boolean insecure = options.isInsecure(registry);
    this.plainAllowed = insecure || EnvironmentProxies.isLoopback(hostOf(registry));
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_LIMIT)
            .proxy(proxies)
            .sslContext(RegistryTrust.context(options.certificates(), insecure))
            .build();
  }

  private static String hostOf(String registry) {
    int colon = registry.lastIndexOf(':');
    return colon > registry.lastIndexOf(']') ? registry.substring(0, colon) : registry;
  }

  /** Whether the registry may be asked without TLS. */
  boolean isPlainAllowed() {
    return plainAllowed;
  }

  /** Whether the registry may lead there. */
  boolean allows(URI uri) {
    return isTls(uri) || plainAllowed;
  }

  private static boolean isTls(URI uri) {
    return "https".equalsIgnoreCase(uri.getScheme());
  }

  /** A request that waits no longer for its answer than there is time. */
  HttpRequest.Builder request(URI uri, Map<String, String> headers) throws IOException {
    LateException.check(deadline, "asking registry " + registry);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(deadline.remainingAtMost(ANSWER_LIMIT).plusMillis(1))
            .header("User-Agent", "kata-java");
    headers.forEach(request::header);
    return request;
  }

  RegistryAnswer send(HttpRequest request) throws IOException, InterruptedException {
    if (closed) {
      throw new IOException("the pull has ended");
    }
    try {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      return new RegistryAnswer(response, new WatchedBody(response.body(), deadline), open);
    } catch (HttpTimeoutException e) {
      if (deadline.isExpired()) {
        throw new LateException(deadline, "waiting for an answer from " + target(request.uri()));
      }
      throw new RegistryException(504, "no answer from " + target(request.uri()) + " in time");
    } catch (ConnectException e) {
      ConnectException told =
          new ConnectException(
              "cannot connect to " + target(request.uri()) + ": " + reason(e, request.uri()));
      told.initCause(e);
      throw told;
    }
  }

  private String target(URI uri) {
    String where =
        uri.getScheme()
            + "://"
            + uri.getHost()
            + ":"
            + (uri.getPort() >= 0 ? uri.getPort() : isTls(uri) ? 443 : 80);
    return EnvironmentProxies.named(proxies, uri)
        .map(proxy -> where + " by " + proxy)
        .orElse(where);
  }

  private static String reason(ConnectException e, URI uri) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException) {
        return "the name " + uri.getHost() + " cannot be resolved";
      }
    }
    return e.getMessage() == null ? "nobody listens there" : e.getMessage();
  }

  /** Ends all answers that are being read, whoever reads them. */
  @Override
  public void close() {
    closed = true;
    open.forEach(WatchedBody::cut);
  }
}
