package io.katajava.image.internal;

import io.katajava.Deadline;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether and when a registry is asked again: what may pass is, later each time, or when the
 * registry says (RFC 9110, 10.2.3), as long as the caller has time.
 */
final class RegistryRetry {
  private static final Logger log = LoggerFactory.getLogger(RegistryRetry.class);
  private static final Duration FIRST = Duration.ofMillis(250);
  private static final Duration LONGEST = Duration.ofSeconds(8);

  private final int attempts;
  private final Deadline deadline;
  private int failures;

  /**
   * Begins.
   *
   * @param attempts how often it is tried in all without getting anywhere
   * @param deadline by when it must have been done
   */
  RegistryRetry(int attempts, Deadline deadline) {
    this.attempts = attempts;
    this.deadline = deadline;
  }

  /** Something was got: counting begins anew. */
  void progressed() {
    failures = 0;
  }

  /** Waits until it is time for the next attempt, or throws the failure when there is none. */
  void after(IOException failure, String what) throws IOException, InterruptedException {
    if (!mayPass(failure) || deadline.isExpired() || ++failures >= attempts) {
      throw failure;
    }
    Optional<Duration> asked =
        failure instanceof RegistryException answer ? answer.retryAfter() : Optional.empty();
    Duration pause = asked.orElseGet(this::pause);
    if (pause.compareTo(deadline.remaining()) >= 0) {
      if (asked.isPresent()) {
        throw new RegistryException(
            ((RegistryException) failure).status(),
            failure.getMessage()
                + "; the registry asks to wait "
                + pause.toSeconds()
                + " s before the next request, which is longer than what is left of the limit of "
                + deadline.allowed().toSeconds()
                + " s");
      }
      throw failure;
    }
    log.debug("{} is tried again in {} ms after: {}", what, pause.toMillis(), failure.toString());
    Thread.sleep(pause.toMillis());
  }

  /** Half of it is by chance, so that many who were turned away do not come back together. */
  private Duration pause() {
    Duration most = FIRST.multipliedBy(1L << Math.min(failures - 1, 10));
    long millis = (most.compareTo(LONGEST) < 0 ? most : LONGEST).toMillis();
    return Duration.ofMillis(millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2 + 1));
  }

  private static boolean mayPass(IOException failure) {
    if (failure instanceof RegistryException answer) {
      return answer.mayPass();
    }
    return !(failure instanceof InvalidLayerException
        || failure instanceof LateException
        || failure instanceof ConnectException
        || failure instanceof SSLException);
  }
}
