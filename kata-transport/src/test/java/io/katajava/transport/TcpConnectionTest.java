package io.katajava.transport;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TcpConnectionTest extends ConnectionContract {
  @Override
  Pair open() throws Exception {
    try (ServerSocket listener = new ServerSocket(0, 5, InetAddress.getLoopbackAddress())) {
      CompletableFuture<Connection> accepted =
          async(() -> TcpConnection.accepted(listener.accept()));
      Connection client = TcpConnection.connect("127.0.0.1", listener.getLocalPort(), SOON);
      return new Pair(client, accepted.get(30, TimeUnit.SECONDS));
    }
  }

  @Test
  void connect_nobodyListens_saysSo() throws Exception {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = closed.getLocalPort();
    }
    assertThatThrownBy(() -> TcpConnection.connect("127.0.0.1", port, SOON))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("connecting to tcp://127.0.0.1:" + port);
  }
}
