package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.katajava.HostFinding;
import io.katajava.HostFinding.Status;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DownloadCheckTest {
  @TempDir Path tools;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private HttpServer archive;

  @BeforeEach
  void open() throws IOException {
    archive = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    archive.createContext(
        "/",
        exchange -> {
          requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
          boolean known = exchange.getRequestURI().getPath().equals("/kernel.deb");
          exchange.sendResponseHeaders(known ? 200 : 404, -1);
          exchange.close();
        });
    archive.start();
  }

  @AfterEach
  void close() {
    archive.stop(0);
  }

  private HostFinding check(String printed) throws Exception {
    Path apt = Files.writeString(tools.resolve("apt-get"), "#!/bin/sh\necho \"" + printed + "\"\n");
    Files.setPosixFilePermissions(apt, PosixFilePermissions.fromString("rwxr-xr-x"));
    return new DownloadCheck(tools.toString(), Duration.ofSeconds(20)).run("kernel");
  }

  private String address(String path) {
    return "'http://127.0.0.1:" + archive.getAddress().getPort() + path + "' x.deb 1000 SHA256:0";
  }

  @Test
  void archive_thatHasThePackage_passesWithoutDownloadingIt() throws Exception {
    assertThat(check(address("/kernel.deb")).status()).isEqualTo(Status.PASSED);
    assertThat(requests).containsExactly("HEAD /kernel.deb");
  }

  @Test
  void archive_thatDoesNotHaveIt_warnsWithItsAnswer() throws Exception {
    HostFinding found = check(address("/other.deb"));

    assertThat(found.status()).isEqualTo(Status.WARNED);
    assertThat(found.reason()).contains("404");
  }

  @Test
  void archive_thatIsNotThere_warns() throws Exception {
    String gone = address("/kernel.deb");
    archive.stop(0);

    assertThat(check(gone).reason()).contains("cannot be reached");
  }

  @Test
  void apt_thatNamesNoAddress_warns() throws Exception {
    assertThat(check("E: Unable to locate package").reason()).contains("names no address");
    assertThat(check("'file:///etc/passwd' x 1 SHA256:0").reason()).contains("names no address");
  }

  @Test
  void apt_missing_warns() throws Exception {
    assertThat(new DownloadCheck(tools.toString(), Duration.ofSeconds(20)).run("kernel").status())
        .isEqualTo(Status.WARNED);
  }
}
