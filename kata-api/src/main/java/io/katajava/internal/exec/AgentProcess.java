package io.katajava.internal.exec;

import io.katajava.agent.AgentClient;
import io.katajava.agent.ProcessEnd;
import java.nio.ByteBuffer;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * One process in the guest as the agent names it.
 *
 * @param client the connection
 * @param containerId its container
 * @param execId its id; the container's id for the first process
 * @param pid its pid in the container, if the agent tells
 */
public record AgentProcess(AgentClient client, String containerId, String execId, OptionalInt pid) {
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

  CompletableFuture<ProcessEnd> waitForExit() {
    return client.waitProcessEnd(containerId, execId);
  }

  void signal(int signal) {
    client.signalProcess(containerId, execId, signal);
  }

  /** The process and what it started, as far as that has not left its process group. */
  void signalGroup(int signal) {
    client.signalProcessGroup(containerId, execId, signal);
  }

  void resize(int columns, int rows) {
    client.resizeTerminal(containerId, execId, columns, rows);
  }
}
