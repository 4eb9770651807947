package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import io.katajava.testing.FakeProcess;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How much of a file with holes goes to the agent. */
class SparseCopyTest {
  private static final long GIBIBYTE = 1L << 30;

  @TempDir Path directory;

  @Test
  void gibibyteOfHoles_isFewBytesOnTheWire() throws Exception {
    Path file = directory.resolve("sparse");
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      channel.write(ByteBuffer.wrap(new byte[] {1}), GIBIBYTE - 1);
    }
    BlockingQueue<FakeProcess> started = new LinkedBlockingQueue<>();
    try (FakeAgent agent = FakeAgent.listenIn(directory);
        Kata kata = new FakeMachine(agent).kata(directory);
        Sandbox sandbox = kata.sandbox().start();
        Container container = sandbox.container("c").start()) {
      agent.onStart(
          process -> {
            started.add(process);
            process.stdinClosed.thenRun(() -> process.closeOutput().exit(0));
          });
      container.files().copyIn(file, "/sparse");
      assertThat(started.take().stdin.stream().mapToLong(chunk -> chunk.length).sum())
          .isLessThan(128 << 10);
    }
  }
}
