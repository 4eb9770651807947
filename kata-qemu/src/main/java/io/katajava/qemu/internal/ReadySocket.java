package io.katajava.qemu.internal;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeoutException;

/**
 * Tells when QEMU's sockets can be connected to, without polling for them: QEMU opens its character
 * devices in the order of its command line, and the last one connects to us. The JDK's own sockets
 * do for this; what the connections themselves need is loaded while the guest boots already.
 */
final class ReadySocket implements AutoCloseable {
  private final ServerSocketChannel channel;

  private ReadySocket(ServerSocketChannel channel) {
    this.channel = channel;
  }

  static ReadySocket listen(Path path) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.bind(UnixDomainSocketAddress.of(path));
      return new ReadySocket(channel);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Waits for QEMU; should it end instead, the wait ends with it. */
  void await(QemuMachine machine, Duration limit)
      throws IOException, InterruptedException, TimeoutException {
    machine.onExit().thenRun(this::close);
    ScheduledFuture<?> alarm = Alarm.after(limit, this::close);
    try {
      channel.accept().close();
    } catch (ClosedByInterruptException e) {
      Thread.interrupted();
      InterruptedException interrupted = new InterruptedException("while waiting for QEMU");
      interrupted.initCause(e);
      throw interrupted;
    } catch (IOException e) {
      if (alarm.isDone() && !machine.onExit().isDone()) {
        TimeoutException timeout = new TimeoutException("its sockets did not open");
        timeout.initCause(e);
        throw timeout;
      }
      throw e;
    } finally {
      alarm.cancel(false);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      // Nothing is left to free then.
      return;
    }
  }
}
