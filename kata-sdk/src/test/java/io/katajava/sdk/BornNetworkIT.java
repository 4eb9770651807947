package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Birth;
import io.katajava.BirthPolicy;
import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Network;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Networks of sandboxes that were not booted: clones of a template, and copies of another one. */
@SuppressWarnings("NullAway.Init")
class BornNetworkIT {
  private static final String WHO = "exec nc -ll -p 80 -e sh -c 'cat /etc/hostname /told'";

  private OpenStore store;

  @BeforeEach
  void begin() {
    store = new OpenStore();
  }

  @AfterEach
  void end() {
    new Leftovers(store.state()).assertNone();
    store.close();
  }

  private Kata kata() {
    return Kata.builder().stateDirectory(store.state()).templates(store.settings()).build();
  }

  private static String told(Sandbox sandbox) throws Exception {
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), sandbox.mappedPort(80))) {
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void clones_startedAtOnce_eachHaveTheirNetworkAndNames() throws Exception {
    try (Kata kata = kata()) {
      kata.templates().build(kata.sandbox().spec());
      SandboxBuilder builder =
          kata.sandbox()
              .network(Network.user(n -> n.publish(80)))
              .addHost("db.example", "192.0.2.7");
      List<CompletableFuture<Sandbox>> coming = List.of(builder.startAsync(), builder.startAsync());
      for (CompletableFuture<Sandbox> one : coming) {
        try (Sandbox sandbox = one.join()) {
          assertThat(sandbox.birth().kind())
              .as(sandbox.birth().why())
              .isEqualTo(Birth.Kind.TEMPLATE);
          assertThat(sandbox.birth().why()).contains("plugged in after: Nic net0");
          sandbox.exec("sh", "-c", "echo clone > /told").orThrow();
          assertThat(sandbox.exec("cat", "/etc/hosts", "/etc/resolv.conf").orThrow().stdoutText())
              .contains(" " + sandbox.id() + "\n", "192.0.2.7 db.example\n", "nameserver ");
          sandbox.execInteractive(e -> e.command("sh", "-c", WHO));
          UserNetworkIT.awaitListener(sandbox, "tcp", 80);
          assertThat(told(sandbox)).isEqualTo(sandbox.id() + "\nclone\n");
        }
      }
    }
  }

  @Test
  void clone_withoutNetwork_hasItsOwnNamesInTheContainerItWasMadeWith() {
    try (Kata kata = kata()) {
      kata.templates().build(kata.sandbox().spec());
      try (Sandbox sandbox = kata.sandbox().hostname("other").addHost("db", "192.0.2.7").start()) {
        assertThat(sandbox.birth().kind()).isEqualTo(Birth.Kind.TEMPLATE);
        assertThat(sandbox.exec("cat", "/etc/hostname", "/etc/hosts").orThrow().stdoutText())
            .startsWith("other\n")
            .contains("127.0.1.1 other\n", "192.0.2.7 db\n");
        assertThat(sandbox.exec("cat", "/etc/resolv.conf").orThrow().stdoutText()).isEmpty();
      }
    }
  }

  @Test
  void fork_ofASandboxOnAUserNetwork_isReachedAtPortsOfItsOwn() throws Exception {
    try (Kata kata = kata();
        Sandbox parent =
            kata.sandbox()
                .birth(BirthPolicy.COLD)
                .network(Network.user(n -> n.publish(80)))
                .start();
        Container web = parent.container("web").command("sh", "-c", WHO).create()) {
      web.start();
      web.exec("sh", "-c", "echo before > /told").orThrow();
      UserNetworkIT.awaitListener(parent, "tcp", 80);
      List<Sandbox> copies = parent.fork(2);
      web.exec("sh", "-c", "echo after > /told").orThrow();
      try {
        for (Sandbox copy : copies) {
          assertThat(told(copy)).isEqualTo(copy.id() + "\nbefore\n");
          assertThat(copy.mappedPort(80)).isNotEqualTo(parent.mappedPort(80));
        }
        assertThat(told(parent)).isEqualTo(parent.id() + "\nafter\n");
      } finally {
        copies.forEach(Sandbox::close);
      }
    }
  }

  @Test
  void snapshot_ofASandboxWithANetwork_isRefused() {
    Path directory = store.state().resolveSibling("snapshot");
    try (Kata kata = kata();
        Sandbox parent = kata.sandbox().birth(BirthPolicy.COLD).network(Network.user()).start()) {
      assertThatThrownBy(() -> parent.snapshot(directory))
          .hasMessageContaining("networks or names")
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_STATE));
      assertThat(directory).doesNotExist();
    }
  }
}
