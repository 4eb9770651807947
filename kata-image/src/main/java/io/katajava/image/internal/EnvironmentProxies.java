package io.katajava.image.internal;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.SocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Proxies as the environment names them, for programs that were not told by Java's properties. */
final class EnvironmentProxies extends ProxySelector {
  private static final Logger log = LoggerFactory.getLogger(EnvironmentProxies.class);

  private final Map<String, String> environment;

  private EnvironmentProxies(Map<String, String> environment) {
    this.environment = environment;
  }

  /** Java's own selector when a property names a proxy. */
  static ProxySelector choose(Map<String, String> environment) {
    boolean told =
        System.getProperty("https.proxyHost") != null
            || System.getProperty("http.proxyHost") != null
            || Boolean.getBoolean("java.net.useSystemProxies");
    ProxySelector usual = ProxySelector.getDefault();
    return told && usual != null ? usual : new EnvironmentProxies(environment);
  }

  @Override
  public List<Proxy> select(URI uri) {
    String host = uri.getHost() == null ? "" : uri.getHost().toLowerCase(Locale.ROOT);
    if (isDirect(host, uri.getPort())) {
      return List.of(Proxy.NO_PROXY);
    }
    return variable("https".equals(uri.getScheme()) ? "https_proxy" : "http_proxy")
        .flatMap(EnvironmentProxies::parse)
        .map(List::of)
        .orElse(List.of(Proxy.NO_PROXY));
  }

  /** The proxy that stands between, for messages. */
  static Optional<String> named(ProxySelector proxies, URI uri) {
    return proxies.select(uri).stream()
        .filter(proxy -> proxy.type() != Proxy.Type.DIRECT)
        .map(proxy -> "proxy " + proxy.address())
        .findFirst();
  }

  private Optional<String> variable(String name) {
    String value = environment.get(name);
    if (value == null || value.isEmpty()) {
      value = environment.get(name.toUpperCase(Locale.ROOT));
    }
    return value == null || value.isEmpty() ? Optional.empty() : Optional.of(value);
  }

  private static Optional<Proxy> parse(String text) {
    try {
      URI uri = URI.create(text.contains("://") ? text : "http://" + text);
      int port = uri.getPort() < 0 ? 80 : uri.getPort();
      return Optional.of(
          new Proxy(Proxy.Type.HTTP, InetSocketAddress.createUnresolved(uri.getHost(), port)));
    } catch (IllegalArgumentException | NullPointerException e) {
      // It may hold a password: it is not told.
      log.warn(
          "a proxy in the environment (HTTPS_PROXY or HTTP_PROXY) is malformed and is ignored");
      return Optional.empty();
    }
  }

  private boolean isDirect(String host, int port) {
    if (isLoopback(host)) {
      return true;
    }
    for (String entry : variable("no_proxy").orElse("").split(",", -1)) {
      String direct = entry.strip().toLowerCase(Locale.ROOT);
      if (direct.isEmpty()) {
        continue;
      }
      String suffix = direct.startsWith(".") ? direct : "." + direct;
      if (direct.equals("*")
          || host.equals(direct)
          || (host + ":" + port).equals(direct)
          || host.endsWith(suffix)) {
        return true;
      }
    }
    return false;
  }

  static boolean isLoopback(String host) {
    return host.equals("localhost")
        || host.startsWith("127.")
        || host.equals("[::1]")
        || host.equals("::1");
  }

  @Override
  public void connectFailed(URI uri, SocketAddress address, IOException failure) {
    log.debug("proxy {} for {} failed", address, uri, failure);
  }
}
