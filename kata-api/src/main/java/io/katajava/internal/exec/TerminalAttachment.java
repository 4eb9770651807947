package io.katajava.internal.exec;

import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Execution;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.base.threads.OwnedThreads;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/** The user's terminal and a command with one, tied together until the command ends. */
final class TerminalAttachment {
  private static final int BUFFER = 16 << 10;

  private final Execution execution;
  private final String sandboxId;

  TerminalAttachment(Execution execution, String sandboxId) {
    this.execution = execution;
    this.sandboxId = sandboxId;
  }

  ExecOutcome run() {
    try (HostTerminal terminal = HostTerminal.open();
        FileChannel keys = FileChannel.open(HostTerminal.DEVICE, StandardOpenOption.READ);
        OutputStream screen = new FileOutputStream(HostTerminal.DEVICE.toFile())) {
      follow();
      terminal.onResize(this::follow);
      // Without its keys the command would wait for ever: it is killed.
      OwnedThreads.start(
          "kata-keys-" + sandboxId, () -> copyKeys(keys), problem -> execution.kill());
      copyOutput(screen);
      return execution.waitFor();
    } catch (InterruptedIOException e) {
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while attached to " + execution.command().get(0),
          Details.none().withSandbox(sandboxId).withCause(e));
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "cannot attach the terminal to " + execution.command().get(0) + ": " + e.getMessage(),
          Details.none()
              .withSandbox(sandboxId)
              .withRemedy("This needs a controlling terminal and the program stty")
              .withCause(e));
    }
  }

  private void follow() {
    HostTerminal.size()
        .ifPresent(
            size -> {
              try {
                execution.resize(size.columns(), size.rows());
              } catch (KataException e) {
                // It has ended meanwhile.
                return;
              }
            });
  }

  private void copyOutput(OutputStream screen) throws IOException {
    byte[] buffer = new byte[BUFFER];
    for (int n = execution.stdout().read(buffer); n >= 0; n = execution.stdout().read(buffer)) {
      screen.write(buffer, 0, n);
    }
  }

  /** Ends when the channel is closed, which wakes the read. */
  private void copyKeys(FileChannel keys) {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
    try {
      while (keys.read(buffer) >= 0) {
        execution.stdin().write(buffer.array(), 0, buffer.position());
        buffer.clear();
      }
      execution.stdin().close();
    } catch (IOException e) {
      // The command has ended, or the attachment.
      return;
    }
  }
}
