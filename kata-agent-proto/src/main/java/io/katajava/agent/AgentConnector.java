package io.katajava.agent;

import io.katajava.transport.Connection;
import io.katajava.transport.HybridVsockConnection;
import io.katajava.transport.SerialPortConnection;
import io.katajava.transport.TcpConnection;
import io.katajava.transport.UnixSocketConnection;
import io.katajava.transport.VsockConnection;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;

/** Opens the stream to an agent. */
final class AgentConnector {

  /** Between two attempts; only for transports on which an agent's start cannot be waited for. */
  private static final long FIRST_PAUSE_MILLIS = 10;

  private static final long LONGEST_PAUSE_MILLIS = 250;

  private AgentConnector() {}

  static Connection connect(AgentAddress address, AgentClientOptions options) throws IOException {
    Duration timeout = options.connectTimeout();
    if (address instanceof AgentAddress.SerialPort serial) {
      return options.booting()
          ? SerialPortConnection.awaitBoot(serial.socket(), timeout)
          : SerialPortConnection.resume(serial.socket(), timeout);
    }
    if (!options.booting()) {
      return attempt(address, timeout);
    }
    long deadline = System.nanoTime() + timeout.toNanos();
    long pause = FIRST_PAUSE_MILLIS;
    while (true) {
      long left = deadline - System.nanoTime();
      try {
        return attempt(address, Duration.ofNanos(Math.max(1_000_000, left)));
      } catch (InterruptedIOException e) {
        if (Thread.currentThread().isInterrupted()) {
          throw e;
        }
        throw new IOException(e.getMessage() + "; gave up after " + timeout, e);
      } catch (IOException e) {
        if (deadline - System.nanoTime() <= pause * 1_000_000) {
          throw new IOException(e.getMessage() + "; gave up after " + timeout, e);
        }
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while connecting to " + address);
      }
      pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
    }
  }

  private static Connection attempt(AgentAddress address, Duration timeout) throws IOException {
    if (address instanceof AgentAddress.UnixSocket unix) {
      return UnixSocketConnection.connect(unix.path(), timeout);
    }
    if (address instanceof AgentAddress.HybridVsock hybrid) {
      return HybridVsockConnection.connect(hybrid.socket(), hybrid.port(), timeout);
    }
    if (address instanceof AgentAddress.Vsock vsock) {
      return VsockConnection.connect(vsock.cid(), vsock.port(), timeout);
    }
    AgentAddress.Tcp tcp = (AgentAddress.Tcp) address;
    return TcpConnection.connect(tcp.host(), tcp.port(), timeout);
  }
}
