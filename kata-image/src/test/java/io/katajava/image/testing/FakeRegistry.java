package io.katajava.image.testing;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.katajava.image.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/**
 * A registry without TLS on loopback that records what it is asked and misbehaves on demand: what a
 * real one does not do when a test wants it.
 */
public final class FakeRegistry implements AutoCloseable {
  /** What to do with a request in place of an honest answer. */
  @FunctionalInterface
  public interface Trick {
    /** Answers, or returns false to let the registry answer. */
    boolean answer(HttpExchange exchange, byte[] content) throws IOException;
  }

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, byte[]> contents = new ConcurrentHashMap<>();
  private final Map<String, String> types = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile Trick trick = (exchange, content) -> false;

  public FakeRegistry() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 50);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.setExecutor(threads);
    server.createContext("/", this::handle);
    server.start();
  }

  public String host() {
    return "127.0.0.1:" + server.getAddress().getPort();
  }

  /** Serves an image under a tag, as a registry does. */
  public FakeRegistry serve(String repository, String tag, LayoutBuilder image) {
    for (byte[] blob : image.layers()) {
      blob(repository, blob);
    }
    blob(repository, image.configuration());
    manifest(repository, tag, image.manifest(), "application/vnd.oci.image.manifest.v1+json");
    return this;
  }

  public void blob(String repository, byte[] content) {
    contents.put("/v2/" + repository + "/blobs/" + Digest.sha256(content), content);
  }

  public void manifest(String repository, String tag, byte[] content, String type) {
    for (String reference : List.of(tag, Digest.sha256(content).toString())) {
      contents.put("/v2/" + repository + "/manifests/" + reference, content);
      types.put("/v2/" + repository + "/manifests/" + reference, type);
    }
  }

  /** Has what a path leads to replaced. */
  public void replace(String path, byte[] content) {
    contents.put(path, content);
  }

  public void trick(Trick next) {
    trick = next;
  }

  /** Method, path and range of all requests so far. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String range = exchange.getRequestHeaders().getFirst("Range");
      requests.add(exchange.getRequestMethod() + " " + path + (range == null ? "" : " " + range));
      byte[] content = contents.getOrDefault(path, new byte[0]);
      if (trick.answer(exchange, content)) {
        return;
      }
      if (path.equals("/v2/")) {
        send(exchange, 200, new byte[0]);
      } else if (!contents.containsKey(path)) {
        send(exchange, 404, "{\"errors\":[]}".getBytes(StandardCharsets.UTF_8));
      } else if (range != null) {
        int from = Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
        exchange
            .getResponseHeaders()
            .set(
                "Content-Range",
                "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
        send(exchange, 206, java.util.Arrays.copyOfRange(content, from, content.length));
      } else {
        exchange
            .getResponseHeaders()
            .set("Content-Type", types.getOrDefault(path, "application/octet-stream"));
        send(exchange, 200, content);
      }
    }
  }

  public static void send(HttpExchange exchange, int status, byte[] content) throws IOException {
    exchange.sendResponseHeaders(status, content.length == 0 ? -1 : content.length);
    if (content.length > 0) {
      exchange.getResponseBody().write(content);
    }
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }
}
