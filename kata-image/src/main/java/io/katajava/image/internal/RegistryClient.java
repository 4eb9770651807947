package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.base.text.PrintableText;
import io.katajava.image.RegistryOptions;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads from one repository of one registry: the OCI distribution specification's pull, with
 * Docker's tokens. Safe for several threads.
 */
final class RegistryClient implements AutoCloseable {
  private static final int MAXIMUM_REDIRECTS = 5;
  private static final int MAXIMUM_SAID = 1000;
  private static final String DOCKER_HUB = "registry-1.docker.io";
  private static final Duration PROBE_LIMIT = Duration.ofSeconds(10);
  private static final Logger log = LoggerFactory.getLogger(RegistryClient.class);

  private final String registry;
  private final String repository;
  private final RegistryHttp http;
  private final RegistryAuthorization authorization;
  private final Deadline deadline;
  private final int attempts;
  private volatile @Nullable String base;

  RegistryClient(
      String registry,
      String repository,
      RegistryOptions options,
      Map<String, String> environment,
      int attempts,
      Deadline deadline)
      throws IOException {
    this.registry = registry;
    this.repository = repository;
    this.deadline = deadline;
    this.attempts = attempts;
    this.http = new RegistryHttp(registry, options, environment, deadline);
    this.authorization =
        new RegistryAuthorization(
            registry, repository, new DockerCredentials(options, environment), http, deadline);
  }

  String registry() {
    return registry;
  }

  /** Ends all answers that are being read, whoever reads them. */
  @Override
  public void close() {
    http.close();
  }

  /** Reads all of an answer. */
  @FunctionalInterface
  interface Reader<T> {
    T read(RegistryAnswer answer) throws IOException, InterruptedException;
  }

  /** A manifest or index, by tag or digest; asked for again when what failed may pass. */
  <T> T manifest(String reference, Reader<T> reader) throws IOException, InterruptedException {
    return retried(
        "manifests/" + reference,
        Map.of("Accept", String.join(", ", OciDocuments.MANIFEST_TYPES)),
        reader);
  }

  /** A document among the blobs, such as a configuration, in the same way. */
  <T> T document(String digest, Reader<T> reader) throws IOException, InterruptedException {
    return retried("blobs/" + digest, Map.of(), reader);
  }

  private <T> T retried(String path, Map<String, String> headers, Reader<T> reader)
      throws IOException, InterruptedException {
    RegistryRetry retry = new RegistryRetry(attempts, deadline);
    while (true) {
      try (RegistryAnswer answer = get(path, headers)) {
        return reader.read(answer);
      } catch (IOException e) {
        retry.after(e, path);
      }
    }
  }

  /**
   * A blob, from an offset on; the registry may send all of it (status 200). Once: whoever
   * downloads knows whether there was progress.
   */
  RegistryAnswer blob(String digest, long from) throws IOException, InterruptedException {
    return get("blobs/" + digest, from > 0 ? Map.of("Range", "bytes=" + from + "-") : Map.of());
  }

  private RegistryAnswer get(String path, Map<String, String> headers)
      throws IOException, InterruptedException {
    URI asked = URI.create(base() + "/v2/" + repository + "/" + path);
    URI uri = asked;
    RegistryAnswer answer = send(uri, headers);
    if (answer.status() == 401) {
      List<AuthChallenge> challenges = AuthChallenge.parse(answer.headers("WWW-Authenticate"));
      answer.close();
      authorization.meet(challenges);
      answer = send(uri, headers);
    }
    for (int i = 0; isRedirect(answer.status()); i++) {
      URI to = redirect(uri, answer);
      answer.close();
      if (i == MAXIMUM_REDIRECTS) {
        throw new RegistryException(
            0,
            "registry " + registry + " redirects " + path + " too many times, last to " + at(to));
      }
      uri = to;
      // Compared with the registry, not with whoever redirects: others never see its credentials.
      answer = isSameOrigin(uri, asked) ? send(uri, headers) : sendUnauthorized(uri, headers);
    }
    if (answer.status() != 200 && answer.status() != 206) {
      try (RegistryAnswer failed = answer) {
        throw failure(uri, failed);
      }
    }
    return answer;
  }

  private static boolean isSameOrigin(URI uri, URI other) {
    return uri.getScheme().equalsIgnoreCase(other.getScheme())
        && uri.getAuthority().equalsIgnoreCase(other.getAuthority());
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private URI redirect(URI from, RegistryAnswer answer) throws IOException {
    String location = answer.header("Location").orElse("");
    if (location.isBlank()) {
      throw new RegistryException(
          0, "registry " + registry + " sent a redirect of " + at(from) + " without a target");
    }
    URI to;
    try {
      to = LenientUri.resolve(from, location);
    } catch (IOException e) {
      throw new RegistryException(
          0, "registry " + registry + " sent a redirect of " + at(from) + ": " + e.getMessage());
    }
    if (!http.allows(to)) {
      throw new RegistryException(
          0, "registry " + registry + " sent a redirect to " + to.getHost() + ", without TLS");
    }
    return to;
  }

  /** Without the query: it may hold a signature. */
  private static String at(URI uri) {
    return uri.getScheme() + "://" + uri.getAuthority() + uri.getPath();
  }

  private RegistryException failure(URI uri, RegistryAnswer answer) throws IOException {
    String said = "";
    try {
      said = new String(answer.body().readNBytes(MAXIMUM_SAID), StandardCharsets.UTF_8).strip();
    } catch (LateException e) {
      throw e;
    } catch (IOException e) {
      log.debug("the reason of {} did not come: {}", answer.status(), e.toString());
    }
    String what =
        switch (answer.status()) {
          case 401 ->
              "registry "
                  + registry
                  + " refuses access to "
                  + repository
                  + ": authentication is required, or the credentials were rejected";
          case 403 -> "registry " + registry + " denies access to " + repository;
          case 404 -> "registry " + registry + " has no " + uri.getPath();
          case 429 -> "registry " + registry + " limits the rate of requests";
          default -> "registry " + registry + " failed to answer the request for " + uri.getPath();
        };
    return new RegistryException(
        answer.status(),
        PrintableText.line(
            what
                + " (status "
                + answer.status()
                + (said.isEmpty() ? "" : ": " + said.replaceAll("\\s+", " "))
                + ")"),
        answer.retryAfter());
  }

  /**
   * With TLS, unless it may be without and a registry answers so. That is asked first, because a
   * server without TLS may wait for the end of what it takes for a request, while one with TLS says
   * at once that it does not understand, or answers 400.
   */
  private String base() throws IOException, InterruptedException {
    String known = base;
    if (known != null) {
      return known;
    }
    String host = registry.equals("docker.io") ? DOCKER_HUB : registry;
    String found = "https://" + host;
    if (http.isPlainAllowed()) {
      HttpRequest ask =
          HttpRequest.newBuilder(URI.create("http://" + host + "/v2/"))
              .timeout(deadline.remainingAtMost(PROBE_LIMIT).plusMillis(1))
              .header("User-Agent", "kata-java")
              .build();
      try (RegistryAnswer answer = http.send(ask)) {
        if (!isRedirect(answer.status()) && answer.status() != 400 && answer.status() != 426) {
          found = "http://" + host;
        }
      } catch (ConnectException | LateException e) {
        throw e;
      } catch (IOException e) {
        log.debug("registry {} does not speak plain HTTP: {}", registry, e.toString());
      }
    }
    base = found;
    return found;
  }

  private RegistryAnswer send(URI uri, Map<String, String> headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = http.request(uri, headers);
    authorization.addTo(request);
    return http.send(request.build());
  }

  private RegistryAnswer sendUnauthorized(URI uri, Map<String, String> headers)
      throws IOException, InterruptedException {
    return http.send(http.request(uri, headers).build());
  }

  static List<String> hosts(RegistryOptions options, String registry) {
    List<String> hosts = new ArrayList<>(options.mirrors(registry));
    hosts.add(registry);
    return hosts;
  }
}
