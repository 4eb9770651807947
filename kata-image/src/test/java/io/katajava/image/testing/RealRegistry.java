package io.katajava.image.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.katajava.image.Digest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The registry of Debian's package {@code docker-registry} on a free loopback port: TLS by an
 * authority made here, one user by htpasswd.
 */
public final class RealRegistry implements AutoCloseable {
  public static final String USER = "tester";
  public static final String PASSWORD = "a pass word";
  private static final Pattern LISTENING = Pattern.compile("listening on [^ ]*:(\\d+)");

  private final Process process;
  private final int port;
  private final Path authority;
  private final HttpClient client;

  private RealRegistry(Process process, int port, Path authority) throws Exception {
    this.process = process;
    this.port = port;
    this.authority = authority;
    KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
    trusted.load(null, null);
    try (var in = Files.newInputStream(authority)) {
      trusted.setCertificateEntry(
          "ca", CertificateFactory.getInstance("X.509").generateCertificate(in));
    }
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(null, trust.getTrustManagers(), null);
    this.client = HttpClient.newBuilder().sslContext(tls).build();
  }

  public static RealRegistry start(Path directory) throws Exception {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("san"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    run(
        directory,
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=kata-test"
            + " -days 2");
    run(
        directory,
        "openssl req -newkey rsa:2048 -nodes -keyout key.pem -out server.csr -subj /CN=localhost");
    run(
        directory,
        "openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out server.pem"
            + " -days 2 -extfile san");
    List<String> htpasswd = List.of("htpasswd", "-Bbn", USER, PASSWORD);
    Files.writeString(directory.resolve("htpasswd"), run(directory, htpasswd));
    Files.writeString(
        directory.resolve("config.yml"),
        String.join(
            "\n",
            "version: 0.1",
            "storage: {filesystem: {rootdirectory: " + directory.resolve("data") + "}}",
            "http:",
            "  addr: 127.0.0.1:0",
            "  secret: of the test",
            "  tls:",
            "    certificate: " + directory.resolve("server.pem"),
            "    key: " + directory.resolve("key.pem"),
            "auth: {htpasswd: {realm: test, path: " + directory.resolve("htpasswd") + "}}",
            ""));
    Process process =
        new ProcessBuilder("docker-registry", "serve", directory.resolve("config.yml").toString())
            .redirectErrorStream(true)
            .start();
    CompletableFuture<Integer> port = new CompletableFuture<>();
    Thread reader = new Thread(() -> read(process, port), "registry-output");
    reader.setDaemon(true);
    reader.start();
    try {
      return new RealRegistry(process, port.get(60, TimeUnit.SECONDS), directory.resolve("ca.pem"));
    } catch (Exception e) {
      process.destroyForcibly();
      throw e;
    }
  }

  private static void read(Process process, CompletableFuture<Integer> port) {
    List<String> said = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        said.add(line);
        Matcher matcher = LISTENING.matcher(line);
        if (matcher.find()) {
          port.complete(Integer.valueOf(matcher.group(1)));
        }
      }
    } catch (IOException e) {
      said.add(e.toString());
    }
    port.completeExceptionally(new IOException("the registry ended: " + said));
  }

  private static void run(Path directory, String command) throws Exception {
    run(directory, List.of(command.split(" ")));
  }

  private static String run(Path directory, List<String> command) throws Exception {
    Process process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectError(directory.resolve("errors").toFile())
            .start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(command + ": " + Files.readString(directory.resolve("errors")));
    }
    return said;
  }

  public String host() {
    return "localhost:" + port;
  }

  /** The certificate of the authority. */
  public Path authority() {
    return authority;
  }

  public void push(String repository, String tag, LayoutBuilder image) throws Exception {
    List<byte[]> blobs = new ArrayList<>(image.layers());
    blobs.add(image.configuration());
    for (byte[] blob : blobs) {
      HttpResponse<String> begun =
          send(
              request("/v2/" + repository + "/blobs/uploads/")
                  .POST(HttpRequest.BodyPublishers.noBody()),
              202);
      String location = begun.headers().firstValue("Location").orElseThrow();
      URI upload =
          URI.create(
              location + (location.contains("?") ? "&" : "?") + "digest=" + Digest.sha256(blob));
      send(
          HttpRequest.newBuilder(upload)
              .header("Authorization", basic())
              .header("Content-Type", "application/octet-stream")
              .PUT(HttpRequest.BodyPublishers.ofByteArray(blob)),
          201);
    }
    send(
        request("/v2/" + repository + "/manifests/" + tag)
            .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            .PUT(HttpRequest.BodyPublishers.ofByteArray(image.manifest())),
        201);
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(URI.create("https://" + host() + path))
        .header("Authorization", basic());
  }

  private static String basic() {
    return "Basic " + Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(UTF_8));
  }

  private HttpResponse<String> send(HttpRequest.Builder request, int expected) throws Exception {
    HttpResponse<String> answer =
        client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    if (answer.statusCode() != expected) {
      throw new IOException(answer.request().uri() + ": " + answer + " " + answer.body());
    }
    return answer;
  }

  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the registry ended", e);
    }
  }
}
