package io.katajava.testing;

import com.google.protobuf.ByteString;
import io.katajava.agent.internal.wire.ProcessEnd;
import io.katajava.agent.internal.wire.ReadStreamResponse;
import io.katajava.agent.internal.wire.WaitProcessResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

/** A process of the fake agent: the test writes its output and ends it. */
public final class FakeProcess {
  private final List<String> args;
  private final CompletableFuture<byte[]> end = new CompletableFuture<>();
  private final Stream[] outputs = {new Stream(), new Stream()};

  /** Signals as they came, group signals as negative numbers. */
  public final List<Integer> signals = new CopyOnWriteArrayList<>();

  /** All that was written to its standard input. */
  public final List<byte[]> stdin = new CopyOnWriteArrayList<>();

  /** Completes when its standard input was closed. */
  public final CompletableFuture<Void> stdinClosed = new CompletableFuture<>();

  /** Whether SIGKILL ends it. */
  public volatile boolean mortal = true;

  FakeProcess(List<String> args) {
    this.args = List.copyOf(args);
  }

  public List<String> args() {
    return args;
  }

  public FakeProcess stdout(String text) {
    return stdout(text.getBytes(StandardCharsets.UTF_8));
  }

  public FakeProcess stdout(byte[] bytes) {
    outputs[0].put(bytes);
    return this;
  }

  public FakeProcess stderr(String text) {
    outputs[1].put(text.getBytes(StandardCharsets.UTF_8));
    return this;
  }

  /** Ends its output streams, as they end when nobody has them open any more. */
  public FakeProcess closeOutput() {
    outputs[0].close();
    outputs[1].close();
    return this;
  }

  /** Ends by itself; its streams are left to {@link #closeOutput()}. */
  public FakeProcess exit(int code) {
    end.complete(endOf(code, 0));
    return this;
  }

  /** What it wrote and nobody has fetched yet. */
  public int unread(int stream) {
    return outputs[stream].held();
  }

  void signal(int number, boolean group) {
    signals.add(group ? -number : number);
    if (number == 9 && mortal) {
      end.complete(endOf(128 + number, number));
      closeOutput();
    }
  }

  CompletableFuture<byte[]> end() {
    return end;
  }

  CompletableFuture<byte[]> read(int stream, int length) {
    return outputs[stream].read(length);
  }

  private static byte[] endOf(int status, int signal) {
    byte[] reply = WaitProcessResponse.newBuilder().setStatus(status).build().toByteArray();
    byte[] more = ProcessEnd.newBuilder().setSignal(signal).build().toByteArray();
    byte[] all = java.util.Arrays.copyOf(reply, reply.length + more.length);
    System.arraycopy(more, 0, all, reply.length, more.length);
    return all;
  }

  private static final class Stream {
    private final Deque<Byte> bytes = new ArrayDeque<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private boolean closed;

    private record Waiting(int length, CompletableFuture<byte[]> reply) {}

    synchronized void put(byte[] more) {
      for (byte b : more) {
        bytes.add(b);
      }
      serve();
    }

    synchronized void close() {
      closed = true;
      serve();
    }

    synchronized int held() {
      return bytes.size();
    }

    synchronized CompletableFuture<byte[]> read(int length) {
      CompletableFuture<byte[]> reply = new CompletableFuture<>();
      waiting.add(new Waiting(length, reply));
      serve();
      return reply;
    }

    private void serve() {
      while (!waiting.isEmpty() && (closed || !bytes.isEmpty())) {
        Waiting next = waiting.remove();
        List<Byte> taken = new ArrayList<>();
        while (taken.size() < next.length() && !bytes.isEmpty()) {
          taken.add(bytes.remove());
        }
        byte[] data = new byte[taken.size()];
        for (int i = 0; i < data.length; i++) {
          data[i] = taken.get(i);
        }
        next.reply()
            .complete(
                ReadStreamResponse.newBuilder()
                    .setData(ByteString.copyFrom(data))
                    .build()
                    .toByteArray());
      }
    }
  }
}
