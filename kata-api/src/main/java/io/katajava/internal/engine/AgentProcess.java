package io.katajava.internal.engine;

import io.katajava.agent.AgentClient;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/**
 * One process in the guest as the agent names it.
 *
 * @param client the connection
 * @param containerId its container
 * @param execId its id; the container's id for the first process
 */
record AgentProcess(AgentClient client, String containerId, String execId) {
  /** How much one read asks for; the agent answers with what there is. */
  private static final int READ = 256 << 10;

  CompletableFuture<byte[]> readStdout() {
    return client.readStdout(containerId, execId, READ);
  }

  CompletableFuture<byte[]> readStderr() {
    return client.readStderr(containerId, execId, READ);
  }

  CompletableFuture<Void> write(ByteBuffer data) {
    return client.writeStdin(containerId, execId, data);
  }

  /** End of file: an empty write closes stdin, and unlike CloseStdin needs no thread to wait. */
  CompletableFuture<Void> closeStdin() {
    return client.writeStdin(containerId, execId, ByteBuffer.allocate(0));
  }

  CompletableFuture<Integer> waitForExit() {
    return client.waitProcess(containerId, execId);
  }

  void signal(int signal) {
    client.signalProcess(containerId, execId, signal);
  }

  void resize(int columns, int rows) {
    client.resizeTerminal(containerId, execId, columns, rows);
  }
}
