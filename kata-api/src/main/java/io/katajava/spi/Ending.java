package io.katajava.spi;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import java.util.ArrayList;
import java.util.List;

/**
 * The steps that end something, of which each is taken even if others fail. Each is taken whatever
 * became of those before it, and what they failed with, errors of the JVM included, is told
 * together when all are done.
 *
 * <p>For one thread.
 */
public final class Ending {
  /** One step. */
  @FunctionalInterface
  public interface Step {
    /**
     * Takes it.
     *
     * @throws Exception whatever it fails with
     */
    void run() throws Exception;
  }

  private record Failure(String attempt, Throwable reason) {}

  private final String of;
  private final List<Failure> failures = new ArrayList<>();

  /**
   * An end of which no step is taken yet.
   *
   * @param of what ends, for messages: {@code sandbox abc}
   */
  public Ending(String of) {
    this.of = of;
  }

  /**
   * Takes a step. An interruption that it reports is kept for whoever asks the thread later.
   *
   * @param attempt what it does, for messages: {@code ending its hypervisor}
   * @param step the step
   * @return this
   */
  @SuppressWarnings("InterruptedExceptionSwallowed") // The thread's flag is set again.
  public Ending step(String attempt, Step step) {
    try {
      step.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failures.add(new Failure(attempt, e));
    } catch (Throwable e) {
      failures.add(new Failure(attempt, e));
    }
    return this;
  }

  /**
   * Notes a failure that came another way.
   *
   * @param attempt what was attempted
   * @param reason what it failed with
   */
  public void failed(String attempt, Throwable reason) {
    failures.add(new Failure(attempt, reason));
  }

  /**
   * Whether no step has failed so far.
   *
   * @return true when all went well
   */
  public boolean isWhole() {
    return failures.isEmpty();
  }

  /**
   * Throws what the steps failed with, if any did: the one failure itself, or one exception that
   * names each, with the first as its cause and the others suppressed.
   *
   * @throws KataException of the first one's code
   */
  public void orThrow() {
    if (failures.isEmpty()) {
      return;
    }
    Throwable first = failures.get(0).reason();
    if (failures.size() == 1) {
      if (first instanceof RuntimeException known) {
        throw known;
      }
      if (first instanceof Error known) {
        throw known;
      }
    }
    KataException all = new KataException(codeOf(first), message(), details(first));
    failures.stream().skip(1).forEach(failure -> all.addSuppressed(failure.reason()));
    throw all;
  }

  /**
   * Attaches what the steps failed with to the reason of the end, which goes its way.
   *
   * @param reason what the end comes of
   */
  public void addTo(Throwable reason) {
    for (Failure failure : failures) {
      if (failure.reason() != reason) {
        reason.addSuppressed(failure.reason());
      }
    }
  }

  private String message() {
    StringBuilder text = new StringBuilder(of).append(" ended, but some steps failed");
    char before = ':';
    for (Failure failure : failures) {
      Throwable reason = failure.reason();
      text.append(before)
          .append(' ')
          .append(failure.attempt())
          .append(" failed: ")
          .append(reason instanceof KataException ? reason.getMessage() : reason.toString());
      before = ';';
    }
    return text.toString();
  }

  private static ErrorCode codeOf(Throwable reason) {
    if (reason instanceof KataException known) {
      return known.code();
    }
    return reason instanceof InterruptedException
        ? ErrorCode.INTERRUPTED
        : ErrorCode.HOST_UNSUITABLE;
  }

  private static Details details(Throwable reason) {
    Details details = Details.none().withCause(reason);
    return reason instanceof KataException known
        ? known.sandboxId().map(details::withSandbox).orElse(details)
        : details;
  }
}
