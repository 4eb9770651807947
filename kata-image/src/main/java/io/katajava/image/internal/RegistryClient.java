package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.base.text.PrintableText;
import io.katajava.image.RegistryOptions;
import io.katajava.image.RegistryOptions.Credentials;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads from one repository of one registry: the OCI distribution specification's pull, with
 * Docker's tokens. Safe for several threads.
 */
final class RegistryClient implements AutoCloseable {
  private static final Duration CONNECT_LIMIT = Duration.ofSeconds(20);
  private static final Duration ANSWER_LIMIT = Duration.ofSeconds(60);
  private static final int MAXIMUM_REDIRECTS = 5;
  private static final int MAXIMUM_SAID = 1000;
  private static final String DOCKER_HUB = "registry-1.docker.io";
  private static final Duration PROBE_LIMIT = Duration.ofSeconds(10);
  private static final Logger log = LoggerFactory.getLogger(RegistryClient.class);

  private final String registry;
  private final String repository;
  private final boolean plainAllowed;
  private final DockerCredentials credentials;
  private final HttpClient http;
  private final Deadline deadline;
  private final int attempts;
  private final ProxySelector proxies;
  private final Set<WatchedBody> open = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;
  private volatile @Nullable String base;
  private volatile @Nullable String authorization;

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
    this.proxies = EnvironmentProxies.choose(environment);
    boolean insecure = options.isInsecure(registry);
    this.plainAllowed = insecure || EnvironmentProxies.isLoopback(hostOf(registry));
    this.credentials = new DockerCredentials(options, environment);
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

  String registry() {
    return registry;
  }

  /** An answer whose body is still to be read. */
  static final class Answer implements AutoCloseable {
    private final HttpResponse<InputStream> response;
    private final WatchedBody body;
    private final Set<WatchedBody> open;

    private Answer(HttpResponse<InputStream> response, WatchedBody body, Set<WatchedBody> open) {
      this.response = response;
      this.body = body;
      this.open = open;
      open.add(body);
    }

    int status() {
      return response.statusCode();
    }

    Optional<String> header(String name) {
      return response.headers().firstValue(name);
    }

    List<String> headers(String name) {
      return response.headers().allValues(name);
    }

    InputStream body() {
      return body;
    }

    @Override
    public void close() throws IOException {
      open.remove(body);
      body.close();
    }
  }

  /** Ends all answers that are being read, whoever reads them. */
  @Override
  public void close() {
    closed = true;
    open.forEach(WatchedBody::cut);
  }

  /** Reads all of an answer. */
  @FunctionalInterface
  interface Reader<T> {
    T read(Answer answer) throws IOException, InterruptedException;
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
      try (Answer answer = get(path, headers)) {
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
  Answer blob(String digest, long from) throws IOException, InterruptedException {
    return get("blobs/" + digest, from > 0 ? Map.of("Range", "bytes=" + from + "-") : Map.of());
  }

  private Answer get(String path, Map<String, String> headers)
      throws IOException, InterruptedException {
    URI uri = URI.create(base() + "/v2/" + repository + "/" + path);
    Answer answer = send(uri, headers);
    if (answer.status() == 401) {
      List<AuthChallenge> challenges = AuthChallenge.parse(answer.headers("WWW-Authenticate"));
      answer.close();
      authorize(challenges);
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

  private URI redirect(URI from, Answer answer) throws IOException {
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
    if (!isTls(to) && !plainAllowed) {
      throw new RegistryException(
          0, "registry " + registry + " sent a redirect to " + to.getHost() + ", without TLS");
    }
    return to;
  }

  private static boolean isTls(URI uri) {
    return "https".equalsIgnoreCase(uri.getScheme());
  }

  /** Without the query: it may hold a signature. */
  private static String at(URI uri) {
    return uri.getScheme() + "://" + uri.getAuthority() + uri.getPath();
  }

  private RegistryException failure(URI uri, Answer answer) throws IOException {
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
        retryAfter(answer));
  }

  /** Seconds, or a date (RFC 9110, 10.2.3); null when the registry says neither. */
  private static @Nullable Duration retryAfter(Answer answer) {
    String text = answer.header("Retry-After").orElse("").strip();
    try {
      if (text.matches("\\d{1,9}")) {
        return Duration.ofSeconds(Long.parseLong(text));
      }
      Duration until =
          Duration.between(
              Instant.now(), ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME));
      return until.isNegative() ? Duration.ZERO : until;
    } catch (DateTimeException e) {
      return null;
    }
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
    if (plainAllowed) {
      HttpRequest ask =
          HttpRequest.newBuilder(URI.create("http://" + host + "/v2/"))
              .timeout(deadline.remainingAtMost(PROBE_LIMIT).plusMillis(1))
              .header("User-Agent", "kata-java")
              .build();
      try (Answer answer = answer(ask)) {
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
    LateException.check(deadline, "asking registry " + registry);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(uri)
            .timeout(deadline.remainingAtMost(ANSWER_LIMIT).plusMillis(1))
            .header("User-Agent", "kata-java");
    headers.forEach(request::header);
    return request;
  }

  private Answer answer(HttpRequest request) throws IOException, InterruptedException {
    if (closed) {
      throw new IOException("the pull has ended");
    }
    try {
      HttpResponse<InputStream> response =
          http.send(request, HttpResponse.BodyHandlers.ofInputStream());
      return new Answer(response, new WatchedBody(response.body(), deadline), open);
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

  /**
   * Answers the first challenge that can be met: with a token from the server that is named, or RFC
   * 7617's basic. A token is asked for first, because it goes no further than this repository.
   */
  private void authorize(List<AuthChallenge> challenges) throws IOException, InterruptedException {
    if (challenges.isEmpty()) {
      throw new RegistryException(
          401,
          "registry "
              + registry
              + " requires authentication for "
              + repository
              + ", but does not say of which kind");
    }
    RegistryException first = null;
    for (String scheme : List.of("bearer", "basic")) {
      for (AuthChallenge challenge : challenges) {
        if (!challenge.scheme().equals(scheme)) {
          continue;
        }
        try {
          authorization = header(challenge);
          return;
        } catch (RegistryException e) {
          if (e.mayPass()) {
            throw e;
          }
          first = first == null ? e : first;
        }
      }
    }
    throw first != null
        ? first
        : new RegistryException(
            401,
            "registry "
                + registry
                + " requires authentication of the kind '"
                + String.join(
                    "', '",
                    challenges.stream()
                        .map(each -> PrintableText.line(each.scheme(), 40))
                        .limit(5)
                        .toList())
                + "'; only 'basic' and 'bearer' are supported");
  }

  private String header(AuthChallenge challenge) throws IOException, InterruptedException {
    Optional<Credentials> who = credentials.of(registry, deadline);
    if (challenge.scheme().equals("basic")) {
      return basic(
          who.orElseThrow(
              () ->
                  new RegistryException(
                      401, "registry " + registry + " requires a user name and a password")));
    }
    return "Bearer " + token(challenge.parameters(), who);
  }

  private static String basic(Credentials who) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString((who.user() + ":" + who.password()).getBytes(StandardCharsets.UTF_8));
  }

  private URI tokenServer(Map<String, String> parameters) throws RegistryException {
    String realm = parameters.getOrDefault("realm", "");
    if (realm.isEmpty()) {
      throw new RegistryException(
          401, "registry " + registry + " requires a token, but does not say from which server");
    }
    URI server;
    try {
      server = LenientUri.resolve(URI.create("https://" + registry + "/"), realm);
    } catch (IOException e) {
      throw new RegistryException(
          401,
          "registry " + registry + " names a token server that cannot be used: " + e.getMessage());
    }
    if (!isTls(server) && !plainAllowed) {
      throw new RegistryException(
          401,
          "registry "
              + registry
              + " names the token server '"
              + PrintableText.line(realm, 300)
              + "', without TLS");
    }
    return server;
  }

  private String token(Map<String, String> parameters, Optional<Credentials> who)
      throws IOException, InterruptedException {
    URI server = tokenServer(parameters);
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
          request(server, Map.of("Content-Type", "application/x-www-form-urlencoded"))
              .POST(HttpRequest.BodyPublishers.ofString(form));
    } else {
      String query = "service=" + encoded(service) + "&scope=" + encoded(scope);
      String before = server.getRawQuery() == null ? "?" : "&";
      request = request(URI.create(server + before + query), Map.of());
      who.ifPresent(known -> request.header("Authorization", basic(known)));
    }
    try (Answer answer = answer(request.build())) {
      if (answer.status() != 200) {
        throw new RegistryException(
            answer.status() == 403 ? 401 : answer.status(),
            "the token server "
                + server.getHost()
                + " of registry "
                + registry
                + " answered with status "
                + answer.status(),
            retryAfter(answer));
      }
      ForeignJson said =
          OciDocuments.parse(
              answer.body().readNBytes(OciDocuments.MAXIMUM_DOCUMENT), "the token of " + registry);
      String token = said.path("token").text(said.path("access_token").text(""));
      if (token.isEmpty()) {
        throw new RegistryException(401, "the token server of " + registry + " sent no token");
      }
      if (!token.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
        throw new RegistryException(
            401,
            "the token server of "
                + registry
                + " sent a token with characters that no header may have");
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
