package io.katajava.internal.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The sockets that the guests of a JVM may have together, so that the program they run in can go on
 * opening files and sockets of its own. A guest may have as many as are left for others: alone it
 * gets half, and however many there are, a new one finds some.
 */
final class SocketBudget {
  private static final Logger log = LoggerFactory.getLogger(SocketBudget.class);

  private static final Path LIMITS = Path.of("/proc/self/limits");
  private static final Pattern OPEN_FILES =
      Pattern.compile("^Max open files\\s+(\\d+|unlimited)\\s", Pattern.MULTILINE);

  /** What POSIX systems have given for long. */
  private static final int USUAL_LIMIT = 1024;

  private static final int SMALL_RESERVE = 256;
  private static final int MOST = 1 << 20;
  private static final int MOST_LINGERING = 16;

  /** The JVM's own limit of descriptors decides. */
  static final SocketBudget OF_THE_JVM = new SocketBudget(guestsShare(limit()));

  private final int total;
  private final AtomicInteger used = new AtomicInteger();

  SocketBudget(int total) {
    this.total = total;
  }

  /**
   * What guests may have of so many descriptors. A quarter stays for the JVM, and of few ones 256,
   * but not more than half.
   */
  static int guestsShare(int descriptors) {
    return descriptors - Math.max(descriptors / 4, Math.min(descriptors / 2, SMALL_RESERVE));
  }

  private static int limit() {
    try {
      Matcher matcher = OPEN_FILES.matcher(Files.readString(LIMITS));
      if (matcher.find()) {
        String number = matcher.group(1);
        return number.length() > 7 ? MOST : Math.min(MOST, Integer.parseInt(number));
      }
    } catch (IOException e) {
      log.debug("{} cannot be read: {}", LIMITS, e.toString());
    }
    return USUAL_LIMIT;
  }

  int used() {
    return used.get();
  }

  /**
   * For one more guest.
   *
   * @param reap makes the system take back what was closed
   */
  Share share(Runnable reap) {
    return new Share(reap);
  }

  /** What one guest has of it. Taken and given by the network's thread, read by any. */
  final class Share {
    private final AtomicInteger mine = new AtomicInteger();
    private final Runnable reap;

    /** What was given back, but is open until the selector looks next. */
    private int lingering;

    private Share(Runnable reap) {
      this.reap = reap;
    }

    /** Returns whether the guest may have another one. */
    boolean take() {
      if (lingering >= MOST_LINGERING) {
        reap.run();
        lingering = 0;
      }
      while (true) {
        int all = used.get();
        if (mine.get() >= total - all) {
          return false;
        }
        if (used.compareAndSet(all, all + 1)) {
          mine.incrementAndGet();
          return true;
        }
      }
    }

    void give() {
      lingering++;
      mine.decrementAndGet();
      used.decrementAndGet();
    }

    /** The selector has looked. */
    void reaped() {
      lingering = 0;
    }

    int used() {
      return mine.get();
    }

    /** How many the guest could have if the others keep theirs. */
    int limit() {
      return Math.max(0, (total - (used.get() - mine.get())) / 2);
    }

    /** Gives back what its guest has still, whose network has ended. */
    void close() {
      used.addAndGet(-mine.getAndSet(0));
    }
  }
}
