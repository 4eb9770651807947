package io.katajava.bench;

import io.katajava.agent.ttrpc.CallOptions;
import io.katajava.agent.ttrpc.TtrpcClient;
import io.katajava.agent.ttrpc.TtrpcClientOptions;
import io.katajava.transport.UnixSocketConnection;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Our side of {@code kata bench rpc}, in a JVM of its own with that JVM's default settings: {@code
 * MODE SOCKET IN_FLIGHT WARM_UP_SECONDS SECONDS}. Prints calls per second and bytes per call.
 */
final class RpcClient {
  private static final String SERVICE = "grpc.Health";
  private static final String METHOD = "Check";
  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);
  private static final Duration CONNECT = Duration.ofSeconds(10);

  private final TtrpcClient client;
  private final AtomicLong calls = new AtomicLong();

  /** What threads of the measurement allocated that have ended since. */
  private final AtomicLong finished = new AtomicLong();

  private volatile boolean ended;

  private RpcClient(TtrpcClient client) {
    this.client = client;
  }

  /**
   * Measures.
   *
   * @param arguments as above
   */
  public static void main(String[] arguments) throws Exception {
    Path socket = Path.of(arguments[1]);
    if (arguments[0].equals("threads")) {
      threads(socket, Integer.parseInt(arguments[2]));
      return;
    }
    int inFlight = Integer.parseInt(arguments[2]);
    boolean blocking = arguments[0].equals("blocking");
    measure(socket, blocking, inFlight, seconds(arguments[3]));
    System.out.println(measure(socket, blocking, inFlight, seconds(arguments[4])));
  }

  private static long seconds(String text) {
    return (long) (Double.parseDouble(text) * 1e9);
  }

  private static String measure(Path socket, boolean blocking, int inFlight, long nanos)
      throws Exception {
    // What is attached to replies does not block: it may run on the reader's thread.
    TtrpcClientOptions options = TtrpcClientOptions.named("bench").withCallbacks(Runnable::run);
    try (TtrpcClient client =
        TtrpcClient.over(UnixSocketConnection.connect(socket, CONNECT), options)) {
      RpcClient run = new RpcClient(client);
      long allocated = allocated();
      long begin = System.nanoTime();
      if (blocking) {
        run.threadsCalling(inFlight, nanos);
      } else {
        run.chains(inFlight, nanos);
      }
      double elapsed = (System.nanoTime() - begin) / 1e9;
      return String.format(
          Locale.ROOT,
          "%.1f %.0f",
          run.calls.get() / elapsed,
          (double) (allocated() - allocated + run.finished.get()) / run.calls.get());
    }
  }

  private void threadsCalling(int count, long nanos) throws InterruptedException {
    List<Thread> threads = new ArrayList<>();
    long end = System.nanoTime() + nanos;
    for (int i = 0; i < count; i++) {
      Thread thread =
          new Thread(
              () -> {
                while (System.nanoTime() < end) {
                  client.call(SERVICE, METHOD, NOTHING, CallOptions.NONE);
                  calls.incrementAndGet();
                }
                finished.addAndGet(bean().getThreadAllocatedBytes(Thread.currentThread().getId()));
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }

  /** Every reply makes the next call, so that the number in flight stays the same. */
  private void chains(int count, long nanos) throws InterruptedException {
    CountDownLatch done = new CountDownLatch(count);
    for (int i = 0; i < count; i++) {
      next(done);
    }
    Thread.sleep(nanos / 1_000_000);
    ended = true;
    done.await();
  }

  private void next(CountDownLatch done) {
    if (ended) {
      done.countDown();
      return;
    }
    client
        .callAsync(SERVICE, METHOD, NOTHING, CallOptions.NONE)
        .whenComplete(
            (reply, failure) -> {
              if (failure != null) {
                failure.printStackTrace();
                System.exit(1);
              }
              calls.incrementAndGet();
              next(done);
            });
  }

  private static com.sun.management.ThreadMXBean bean() {
    return (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
  }

  private static long allocated() {
    long sum = 0;
    for (long bytes : bean().getThreadAllocatedBytes(bean().getAllThreadIds())) {
      sum += Math.max(0, bytes);
    }
    return sum;
  }

  private static void threads(Path socket, int connections) throws Exception {
    int before = Thread.activeCount();
    List<TtrpcClient> clients = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      clients.add(TtrpcClient.over(UnixSocketConnection.connect(socket, CONNECT)));
    }
    for (TtrpcClient client : clients) {
      client.call(SERVICE, METHOD, NOTHING, CallOptions.within(CONNECT));
    }
    System.out.println(Thread.activeCount() - before);
    clients.forEach(TtrpcClient::close);
  }
}
