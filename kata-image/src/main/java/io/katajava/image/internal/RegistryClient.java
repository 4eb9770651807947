package io.katajava.image.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.katajava.Deadline;
import io.katajava.image.RegistryOptions;
import io.katajava.image.RegistryOptions.Credentials;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads from one repository of one registry: the OCI distribution specification's pull, with
 * Docker's tokens. Safe for several threads.
 */
final class RegistryClient {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(20);
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);
  private static final int MAXIMUM_REDIRECTS = 5;
  private static final String DOCKER_HUB = "registry-1.docker.io";
  private static final Duration PROBE_LIMIT = Duration.ofSeconds(10);
  private static final Logger log = LoggerFactory.getLogger(RegistryClient.class);

  private final String registry;
  private final String repository;
  private final boolean plainAllowed;
  private final DockerCredentials credentials;
  private final HttpClient http;
  private final Deadline deadline;
  private volatile @Nullable String base;
  private volatile @Nullable String authorization;

  RegistryClient(
      String registry,
      String repository,
      RegistryOptions options,
      Map<String, String> environment,
      Deadline deadline)
      throws IOException {
    this.registry = registry;
    this.repository = repository;
    this.deadline = deadline;
    boolean insecure = options.isInsecure(registry);
    this.plainAllowed = insecure || EnvironmentProxies.isLoopback(hostOf(registry));
    this.credentials = new DockerCredentials(options, environment);
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(CONNECT_LIMIT)
            .proxy(EnvironmentProxies.choose(environment))
            .sslContext(RegistryTrust.context(options.certificates(), insecure))
            .build();
  }

  private static String hostOf(String registry) {
    int colon = registry.lastIndexOf(':');
    return colon > registry.lastIndexOf(']') ? registry.substring(0, colon) : registry;
  }

  String registry() {
    return registry;
  }

  /** An answer whose body is still to be read. */
  record Answer(int status, HttpResponse<InputStream> response) implements AutoCloseable {
    Optional<String> header(String name) {
      return response.headers().firstValue(name);
    }

    InputStream body() {
      return response.body();
    }

    @Override
    public void close() throws IOException {
      response.body().close();
    }
  }

  /** A manifest or index, by tag or digest. */
  Answer manifest(String reference) throws IOException, InterruptedException {
    return get(
        "manifests/" + reference, Map.of("Accept", String.join(", ", OciDocuments.MANIFEST_TYPES)));
  }

  /** A blob, from an offset on; the registry may send all of it (status 200). */
  Answer blob(String digest, long from) throws IOException, InterruptedException {
    return get("blobs/" + digest, from > 0 ? Map.of("Range", "bytes=" + from + "-") : Map.of());
  }

  private Answer get(String path, Map<String, String> headers)
      throws IOException, InterruptedException {
    URI uri = URI.create(base() + "/v2/" + repository + "/" + path);
    Answer answer = send(uri, headers);
    if (answer.status() == 401) {
      String challenge = answer.header("WWW-Authenticate").orElse("");
      answer.close();
      authorize(challenge);
      answer = send(uri, headers);
    }
    for (int i = 0; isRedirect(answer.status()); i++) {
      URI to = uri.resolve(answer.header("Location").orElse(""));
      answer.close();
      if (i == MAXIMUM_REDIRECTS) {
        throw new RegistryException(0, uri + " is redirected without end");
      }
      if (!to.getScheme().equals("https") && !plainAllowed) {
        throw new RegistryException(0, uri + " is redirected to " + to.getHost() + " without TLS");
      }
      boolean same = to.getAuthority().equals(uri.getAuthority());
      uri = to;
      answer = same ? send(uri, headers) : sendUnauthorized(uri, headers);
    }
    if (answer.status() != 200 && answer.status() != 206) {
      try (Answer failed = answer) {
        throw failure(uri, failed);
      }
    }
    return answer;
  }

  private static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  private RegistryException failure(URI uri, Answer answer) throws IOException {
    String said = new String(answer.body().readNBytes(1000), StandardCharsets.UTF_8).strip();
    String what =
        switch (answer.status()) {
          case 401 ->
              "registry "
                  + registry
                  + " wants to know who asks for "
                  + repository
                  + ", or does not believe it";
          case 403 -> "registry " + registry + " does not allow " + repository;
          case 404 -> "registry " + registry + " has no " + uri.getPath();
          case 429 -> "registry " + registry + " was asked too often";
          default -> "registry " + registry + " answered to " + uri.getPath();
        };
    return new RegistryException(
        answer.status(),
        what
            + " (status "
            + answer.status()
            + (said.isEmpty() ? "" : ": " + said.replaceAll("\\s+", " "))
            + ")");
  }

  /**
   * With TLS, unless it may be without and a registry answers so. That is asked first, because a
   * server without TLS may wait for the end of what it takes for a request, while one with TLS says
   * at once that it does not understand.
   */
  private String base() throws IOException, InterruptedException {
    String known = base;
    if (known != null) {
      return known;
    }
    String host = registry.equals("docker.io") ? DOCKER_HUB : registry;
    String found = "https://" + host;
    if (plainAllowed) {
      HttpRequest ask =
          HttpRequest.newBuilder(URI.create("http://" + host + "/v2/"))
              .timeout(deadline.remainingAtMost(PROBE_LIMIT).plusMillis(1))
              .header("User-Agent", "kata-java")
              .build();
      try (Answer answer = answer(ask)) {
        if (answer.status() == 200 || answer.status() == 401) {
          found = "http://" + host;
        }
      } catch (ConnectException e) {
        throw e;
      } catch (IOException e) {
        log.debug("registry {} does not speak plain HTTP: {}", registry, e.toString());
      }
    }
    base = found;
    return found;
  }

  private Answer send(URI uri, Map<String, String> headers)
      throws IOException, InterruptedException {
    HttpRequest.Builder request = request(uri, headers);
    String known = authorization;
    if (known != null) {
      request.header("Authorization", known);
    }
    return answer(request.build());
  }

  private Answer sendUnauthorized(URI uri, Map<String, String> headers)
      throws IOException, InterruptedException {
    return answer(request(uri, headers).build());
  }

  private HttpRequest.Builder request(URI uri, Map<String, String> headers) throws IOException {
    if (deadline.isExpired()) {
      throw new HttpTimeoutException("the time of " + deadline.allowed() + " is up");
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(deadline.remainingAtMost(ANSWER_LIMIT).plusMillis(1))
            .header("User-Agent", "kata-java");
    headers.forEach(request::header);
    return request;
  }

  private Answer answer(HttpRequest request) throws IOException, InterruptedException {
    HttpResponse<InputStream> response =
        http.send(request, HttpResponse.BodyHandlers.ofInputStream());
    return new Answer(response.statusCode(), response);
  }

  /** Answers a challenge: RFC 7617's basic, or a token from the server that is named. */
  private void authorize(String challenge) throws IOException, InterruptedException {
    String scheme = challenge.split("[ \t]", 2)[0].toLowerCase(Locale.ROOT);
    Optional<Credentials> who = credentials.of(registry);
    if (scheme.equals("basic")) {
      Credentials known =
          who.orElseThrow(
              () -> new RegistryException(401, "registry " + registry + " wants a password"));
      authorization = basic(known);
    } else if (scheme.equals("bearer")) {
      authorization = "Bearer " + token(AuthChallenge.parameters(challenge), who);
    } else {
      throw new RegistryException(
          401, "registry " + registry + " wants an authentication of the kind '" + scheme + "'");
    }
  }

  private static String basic(Credentials who) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((who.user() + ":" + who.password()).getBytes(StandardCharsets.UTF_8));
  }

  private String token(Map<String, String> parameters, Optional<Credentials> who)
      throws IOException, InterruptedException {
    String realm = parameters.getOrDefault("realm", "");
    if (!realm.startsWith("https://") && !(plainAllowed && realm.startsWith("http://"))) {
      throw new RegistryException(
          401, "registry " + registry + " names the token server '" + realm + "', without TLS");
    }
    String scope = parameters.getOrDefault("scope", "repository:" + repository + ":pull");
    String service = parameters.getOrDefault("service", registry);
    HttpRequest.Builder request;
    if (who.isPresent() && who.get().user().equals(DockerCredentials.TOKEN_USER)) {
      String form =
          "grant_type=refresh_token&client_id=kata-java&service="
              + encoded(service)
              + "&scope="
              + encoded(scope)
              + "&refresh_token="
              + encoded(who.get().password());
      request =
          request(URI.create(realm), Map.of("Content-Type", "application/x-www-form-urlencoded"))
              .POST(HttpRequest.BodyPublishers.ofString(form));
    } else {
      String query = "service=" + encoded(service) + "&scope=" + encoded(scope);
      request = request(URI.create(realm + (realm.contains("?") ? "&" : "?") + query), Map.of());
      who.ifPresent(known -> request.header("Authorization", basic(known)));
    }
    try (Answer answer = answer(request.build())) {
      if (answer.status() != 200) {
        throw new RegistryException(
            answer.status() == 403 ? 401 : answer.status(),
            "the token server "
                + URI.create(realm).getHost()
                + " of registry "
                + registry
                + " answered with status "
                + answer.status());
      }
      JsonNode said =
          OciDocuments.parse(
              answer.body().readNBytes(OciDocuments.MAXIMUM_DOCUMENT), "the token of " + registry);
      String token = said.path("token").asText(said.path("access_token").asText(""));
      if (token.isEmpty()) {
        throw new RegistryException(401, "the token server of " + registry + " sent no token");
      }
      return token;
    }
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  static List<String> hosts(RegistryOptions options, String registry) {
    List<String> hosts = new java.util.ArrayList<>(options.mirrors(registry));
    hosts.add(registry);
    return hosts;
  }
}
