package io.katajava.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * AF_VSOCK on a kernel with vsock loopback. Not named like a test, because few hosts have that: it
 * is run inside a guest, by {@code VsockLoopbackIT} of kata-guest.
 */
class VsockLoopbackCases extends ConnectionContract {
  private static final int PORT = 5_000;

  @Override
  Pair open() throws Exception {
    try (VsockListener listener = VsockListener.listen(VsockConnection.ANY_CID, PORT)) {
      CompletableFuture<Connection> accepted = async(listener::accept);
      Connection client = VsockConnection.connect(VsockConnection.LOCAL_CID, PORT, SOON);
      return new Pair(client, accepted.get(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void peerCid_ofBothEnds_isTheLocalOne() throws Exception {
    try (VsockListener listener = VsockListener.listen(VsockConnection.ANY_CID, PORT + 1)) {
      CompletableFuture<VsockConnection> accepted = async(listener::accept);
      try (VsockConnection client =
              VsockConnection.connect(VsockConnection.LOCAL_CID, PORT + 1, SOON);
          VsockConnection server = accepted.get(30, TimeUnit.SECONDS)) {
        assertThat(client.peerCid()).isEqualTo(VsockConnection.LOCAL_CID);
        assertThat(server.peerCid()).isEqualTo(VsockConnection.LOCAL_CID);
        assertThat(client.describe()).isEqualTo("vsock://1:" + (PORT + 1));
      }
    }
  }

  @Test
  void connect_nobodyListens_failsAtOnce() {
    assertThatThrownBy(() -> VsockConnection.connect(VsockConnection.LOCAL_CID, 6_000, SOON))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("connecting to vsock://1:6000");
  }

  @Test
  void connect_noSuchMachine_failsWithinTheTimeout() {
    assertThatThrownBy(() -> VsockConnection.connect(4_242, 6_000, Duration.ofSeconds(1)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("connecting to vsock://4242:6000");
  }

  @Test
  void listen_portTaken_saysSo() throws Exception {
    try (VsockListener first = VsockListener.listen(VsockConnection.ANY_CID, PORT + 2)) {
      assertThat(first).isNotNull();
      assertThatThrownBy(() -> VsockListener.listen(VsockConnection.ANY_CID, PORT + 2))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("listening on vsock://-1:" + (PORT + 2));
    }
  }

  @Test
  void listener_closed_wakesItsAccept() throws Exception {
    VsockListener listener = VsockListener.listen(VsockConnection.ANY_CID, PORT + 3);
    CompletableFuture<VsockConnection> accept = async(listener::accept);
    // Whether accept is entered before or after the close: it ends.
    listener.close();
    assertThatThrownBy(() -> accept.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ConnectionClosedException.class);
    listener.close();
  }
}
