package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.base.text.PrintableText;
import io.katajava.base.threads.OwnedThreads;
import io.katajava.image.ImageReference;
import io.katajava.image.RegistryOptions;
import io.katajava.image.RegistryOptions.Credentials;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Docker's {@code config.json}: credentials in it, and helpers that keep them elsewhere. */
final class DockerCredentials {
  /** A user name that means: the password is a token for {@code oauth2/token}. */
  static final String TOKEN_USER = "<token>";

  private static final String DOCKER_HUB = "https://index.docker.io/v1/";
  private static final Duration HELPER_LIMIT = Duration.ofSeconds(30);
  private static final int MAXIMUM_ANSWER = 1 << 20;

  private final RegistryOptions options;
  private final Map<String, String> environment;

  DockerCredentials(RegistryOptions options, Map<String, String> environment) {
    this.options = options;
    this.environment = environment;
  }

  Optional<Credentials> of(String registry, Deadline deadline)
      throws IOException, InterruptedException {
    Optional<Credentials> own = options.credentials(registry);
    if (own.isPresent()) {
      return own;
    }
    Path file = options.dockerConfig().orElseGet(this::usual);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    ForeignJson config = OciDocuments.parse(read(file), file.toString());
    String server = registry.equals(ImageReference.DEFAULT_REGISTRY) ? DOCKER_HUB : registry;
    String helper = config.path("credHelpers").path(registry).text("");
    if (helper.isEmpty() && server.equals(DOCKER_HUB)) {
      helper = config.path("credHelpers").path(server).text("");
    }
    if (helper.isEmpty()) {
      Optional<Credentials> written = written(config.path("auths"), server);
      if (written.isPresent()) {
        return written;
      }
      helper = config.path("credsStore").text("");
    }
    return helper.isEmpty() ? Optional.empty() : ask(helper, server, file, deadline);
  }

  private static byte[] read(Path file) throws IOException {
    if (Files.size(file) > MAXIMUM_ANSWER) {
      throw new IOException(file + " is too large for a configuration of Docker");
    }
    return Files.readAllBytes(file);
  }

  private Path usual() {
    String directory = environment.get("DOCKER_CONFIG");
    return directory != null && !directory.isEmpty()
        ? Path.of(directory, "config.json")
        : Path.of(System.getProperty("user.home", "/"), ".docker", "config.json");
  }

  private static Optional<Credentials> written(ForeignJson auths, String server)
      throws IOException {
    for (String key :
        List.of(server, "https://" + server, "http://" + server, "https://" + server + "/v1/")) {
      ForeignJson entry = auths.path(key);
      String token = entry.path("identitytoken").text("");
      if (!token.isEmpty()) {
        return Optional.of(new Credentials(TOKEN_USER, token));
      }
      String auth = entry.path("auth").text("");
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
  private static Optional<Credentials> ask(
      String helper, String server, Path file, Deadline deadline)
      throws IOException, InterruptedException {
    if (!helper.matches("[A-Za-z0-9._-]+")) {
      throw new IOException(
          "'"
              + PrintableText.line(helper, 100)
              + "', which "
              + file
              + " names, is not the name of a credential helper");
    }
    String program = "docker-credential-" + helper;
    ProcessBuilder builder = new ProcessBuilder(program, "get");
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      // The JDK's message has the reason of the kernel, and the whole environment never.
      throw new RegistryException(
          401,
          "the credential helper "
              + program
              + ", which "
              + file
              + " names for "
              + server
              + ", cannot be run; install it, or remove it from that file ("
              + e.getMessage()
              + ")");
    }
    Duration limit = deadline.remainingAtMost(HELPER_LIMIT);
    try {
      CompletableFuture<byte[]> answer = new CompletableFuture<>();
      OwnedThreads.start(
          "kata-credential-helper", () -> read(process, answer), answer::completeExceptionally);
      try (OutputStream in = process.getOutputStream()) {
        in.write((server + "\n").getBytes(StandardCharsets.UTF_8));
      }
      byte[] said = answer.get(limit.toMillis() + 1, TimeUnit.MILLISECONDS);
      if (!process.waitFor(
          deadline.remainingAtMost(HELPER_LIMIT).toMillis() + 1, TimeUnit.MILLISECONDS)) {
        throw new TimeoutException();
      }
      if (process.exitValue() != 0) {
        // That is how helpers say that they have nothing for a server.
        return Optional.empty();
      }
      ForeignJson document = OciDocuments.parse(said, "the answer of " + program);
      String secret = document.path("Secret").text("");
      return secret.isEmpty()
          ? Optional.empty()
          : Optional.of(new Credentials(document.path("Username").text(""), secret));
    } catch (TimeoutException e) {
      throw new IOException(
          "the credential helper " + program + " did not answer within " + limit.toSeconds() + " s",
          e);
    } catch (ExecutionException e) {
      throw new IOException(
          "the answer of the credential helper " + program + " could not be read", e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private static void read(Process process, CompletableFuture<byte[]> answer) {
    try {
      answer.complete(process.getInputStream().readNBytes(MAXIMUM_ANSWER));
    } catch (IOException e) {
      answer.completeExceptionally(e);
    }
  }
}
