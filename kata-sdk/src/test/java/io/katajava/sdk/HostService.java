package io.katajava.sdk;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** A service of the host that guests come to. */
final class HostService {
  private HostService() {}

  /** Tells one client a text. */
  static CompletableFuture<Void> serveOnce(ServerSocket server, String text) {
    return CompletableFuture.runAsync(
        () -> {
          try (Socket socket = server.accept()) {
            socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
            socket.shutdownOutput();
            socket.getInputStream().readAllBytes();
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }
}
