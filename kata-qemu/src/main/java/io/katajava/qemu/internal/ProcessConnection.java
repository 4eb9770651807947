package io.katajava.qemu.internal;

import io.katajava.transport.Connection;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ReadableByteChannel;
import java.util.concurrent.locks.ReentrantLock;

/** A process's standard input and output as a connection; closing it kills the process. */
final class ProcessConnection implements Connection {
  private final Process process;
  private final ReadableByteChannel output;
  private final OutputStream input;
  private final ReentrantLock writing = new ReentrantLock();

  ProcessConnection(Process process) {
    this.process = process;
    this.output = Channels.newChannel(process.getInputStream());
    this.input = process.getOutputStream();
  }

  @Override
  public int read(ByteBuffer destination) throws IOException {
    return output.read(destination);
  }

  @Override
  public void write(ByteBuffer... sources) throws IOException {
    writing.lock();
    try {
      for (ByteBuffer source : sources) {
        byte[] bytes = new byte[source.remaining()];
        source.get(bytes);
        input.write(bytes);
      }
      input.flush();
    } finally {
      writing.unlock();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  @Override
  public String describe() {
    return "stdio of process " + process.pid();
  }
}
