package io.katajava.image.internal;

import com.fasterxml.jackson.databind.JsonNode;
import io.katajava.image.ImageReference;
import io.katajava.image.RegistryOptions;
import io.katajava.image.RegistryOptions.Credentials;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Docker's {@code config.json}: credentials in it, and helpers that keep them elsewhere. */
final class DockerCredentials {
  /** A user name that means: the password is a token for {@code oauth2/token}. */
  static final String TOKEN_USER = "<token>";

  private static final String DOCKER_HUB = "https://index.docker.io/v1/";
  private static final long HELPER_SECONDS = 30;
  private static final int MAXIMUM_ANSWER = 1 << 20;

  private final RegistryOptions options;
  private final Map<String, String> environment;

  DockerCredentials(RegistryOptions options, Map<String, String> environment) {
    this.options = options;
    this.environment = environment;
  }

  Optional<Credentials> of(String registry) throws IOException, InterruptedException {
    Optional<Credentials> own = options.credentials(registry);
    if (own.isPresent()) {
      return own;
    }
    Path file = options.dockerConfig().orElseGet(this::usual);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    JsonNode config = OciDocuments.parse(Files.readAllBytes(file), file.toString());
    String server = registry.equals(ImageReference.DEFAULT_REGISTRY) ? DOCKER_HUB : registry;
    String helper = config.path("credHelpers").path(registry).asText("");
    if (helper.isEmpty() && server.equals(DOCKER_HUB)) {
      helper = config.path("credHelpers").path(server).asText("");
    }
    if (helper.isEmpty()) {
      Optional<Credentials> written = written(config.path("auths"), server);
      if (written.isPresent()) {
        return written;
      }
      helper = config.path("credsStore").asText("");
    }
    return helper.isEmpty() ? Optional.empty() : ask(helper, server);
  }

  private Path usual() {
    String directory = environment.get("DOCKER_CONFIG");
    return directory != null && !directory.isEmpty()
        ? Path.of(directory, "config.json")
        : Path.of(System.getProperty("user.home", "/"), ".docker", "config.json");
  }

  private static Optional<Credentials> written(JsonNode auths, String server) throws IOException {
    for (String key :
        List.of(server, "https://" + server, "http://" + server, "https://" + server + "/v1/")) {
      JsonNode entry = auths.path(key);
      String token = entry.path("identitytoken").asText("");
      if (!token.isEmpty()) {
        return Optional.of(new Credentials(TOKEN_USER, token));
      }
      String auth = entry.path("auth").asText("");
      if (!auth.isEmpty()) {
        String text;
        try {
          text = new String(Base64.getDecoder().decode(auth), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
          throw new IOException(
              "the entry of " + server + " in Docker's configuration is damaged", e);
        }
        int colon = text.indexOf(':');
        if (colon > 0) {
          return Optional.of(new Credentials(text.substring(0, colon), text.substring(colon + 1)));
        }
      }
    }
    return Optional.empty();
  }

  /** {@code docker-credential-HELPER get}: the server on its input, JSON on its output. */
  private Optional<Credentials> ask(String helper, String server)
      throws IOException, InterruptedException {
    if (!helper.matches("[A-Za-z0-9._-]+")) {
      throw new IOException("'" + helper + "' names no credential helper");
    }
    String program = "docker-credential-" + helper;
    ProcessBuilder builder = new ProcessBuilder(program, "get");
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    try {
      CompletableFuture<byte[]> answer =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return process.getInputStream().readNBytes(MAXIMUM_ANSWER);
                } catch (IOException e) {
                  return new byte[0];
                }
              });
      try (OutputStream in = process.getOutputStream()) {
        in.write((server + "\n").getBytes(StandardCharsets.UTF_8));
      }
      if (!process.waitFor(HELPER_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(program + " did not answer within " + HELPER_SECONDS + " s");
      }
      if (process.exitValue() != 0) {
        // That is how helpers say that they have nothing for a server.
        return Optional.empty();
      }
      JsonNode said = OciDocuments.parse(answer.join(), "the answer of " + program);
      String secret = said.path("Secret").asText("");
      return secret.isEmpty()
          ? Optional.empty()
          : Optional.of(new Credentials(said.path("Username").asText(""), secret));
    } finally {
      process.destroyForcibly();
    }
  }
}
