package io.katajava.examples;

import io.katajava.Container;
import io.katajava.EgressPolicy;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Network;
import io.katajava.Sandbox;
import io.katajava.image.ImageReference;
import io.katajava.image.ImageRootfsProvider;
import io.katajava.image.ImageStore;
import io.katajava.wait.Wait;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;

/**
 * A web server and a database in one sandbox, used from Java through published ports. {@code
 * examples/run service} makes the image and serves it from a registry on loopback.
 */
public final class ServiceSandbox {
  /** Hosts without KVM take their time to start a database. */
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  private ServiceSandbox() {}

  /**
   * Runs it.
   *
   * @param arguments the image's name
   * @throws Exception when something fails
   */
  public static void main(String[] arguments) throws Exception {
    run(arguments[0], System.out);
  }

  /** Pulls the image, starts it, and uses what is in it. */
  static void run(String image, PrintStream out)
      throws IOException, InterruptedException, SQLException {
    ImageStore store = ImageStore.builder().build();
    String password = UUID.randomUUID().toString();
    Network network = Network.user(n -> n.publishExposed().egress(EgressPolicy.denyAll()));
    try (Kata kata = Kata.builder().rootfs(new ImageRootfsProvider(store)).build();
        Sandbox sandbox =
            kata.sandbox().memory(MemorySize.mebibytes(512)).network(network).start();
        Container service =
            sandbox
                .container("service")
                .image(image)
                .secret("/run/secrets/database", password.getBytes(StandardCharsets.UTF_8))
                .waitingFor(Wait.forHealthcheck().withTimeout(PATIENCE))
                .start()) {
      out.println("healthy: " + service.name() + " at " + sandbox.network().published());
      out.print("nginx says: " + page(sandbox.mappedPort(80)));
      out.println("PostgreSQL says: " + visits(sandbox.mappedPort(5432), password));
    } finally {
      // The registry is gone afterwards; its content stays in the store until garbage is collected.
      store.remove(ImageReference.parse(image));
    }
  }

  private static String page(int port) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/"))
            .timeout(PATIENCE)
            .build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString()).body();
  }

  private static String visits(int port, String password) throws SQLException {
    String url = "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    try (Connection database = DriverManager.getConnection(url, "postgres", password);
        Statement statement = database.createStatement()) {
      statement.execute("CREATE TABLE visits (who text, at timestamptz DEFAULT now())");
      statement.execute("INSERT INTO visits (who) VALUES ('Ada'), ('Grace')");
      try (ResultSet rows =
          statement.executeQuery("SELECT string_agg(who, ' and ' ORDER BY who) FROM visits")) {
        rows.next();
        return rows.getString(1) + " were here";
      }
    }
  }
}
