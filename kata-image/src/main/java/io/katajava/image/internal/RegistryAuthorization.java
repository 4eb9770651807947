package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.base.text.PrintableText;
import io.katajava.image.RegistryOptions.Credentials;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a registry is told about who asks for a repository, once it wants to know: RFC 7617's basic,
 * or a token of Docker's token servers. Safe for several threads.
 */
final class RegistryAuthorization {
  private final String registry;
  private final String repository;
  private final DockerCredentials credentials;
  private final RegistryHttp http;
  private final Deadline deadline;
  private volatile @Nullable String header;

  RegistryAuthorization(
      String registry,
      String repository,
      DockerCredentials credentials,
      RegistryHttp http,
      Deadline deadline) {
    this.registry = registry;
    this.repository = repository;
    this.credentials = credentials;
    this.http = http;
    this.deadline = deadline;
  }

  /** Adds what is known; nothing before a challenge was met. */
  void addTo(HttpRequest.Builder request) {
    String known = header;
    if (known != null) {
      request.header("Authorization", known);
    }
  }

  /**
   * Answers the first challenge that can be met: with a token from the server that is named, or RFC
   * 7617's basic. A token is asked for first, because it goes no further than this repository.
   */
  void meet(List<AuthChallenge> challenges) throws IOException, InterruptedException {
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
          header = header(challenge);
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
    if (!http.allows(server)) {
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
          http.request(server, Map.of("Content-Type", "application/x-www-form-urlencoded"))
              .POST(HttpRequest.BodyPublishers.ofString(form));
    } else {
      String query = "service=" + encoded(service) + "&scope=" + encoded(scope);
      String before = server.getRawQuery() == null ? "?" : "&";
      request = http.request(URI.create(server + before + query), Map.of());
      who.ifPresent(known -> request.header("Authorization", basic(known)));
    }
    try (RegistryAnswer answer = http.send(request.build())) {
      if (answer.status() != 200) {
        throw new RegistryException(
            answer.status() == 403 ? 401 : answer.status(),
            "the token server "
                + server.getHost()
                + " of registry "
                + registry
                + " answered with status "
                + answer.status(),
            answer.retryAfter());
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
}
