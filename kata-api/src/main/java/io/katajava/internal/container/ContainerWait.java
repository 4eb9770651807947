package io.katajava.internal.container;

import io.katajava.Container;
import io.katajava.ContainerLog;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.base.threads.OwnedThreads;
import io.katajava.wait.ContainerNotReadyException;
import io.katajava.wait.Wait;
import io.katajava.wait.WaitStrategy;
import io.katajava.wait.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A wait for one container that ends with its first process. */
final class ContainerWait implements Waiting {
  private static final int TAIL_LINES = 50;
  private static final Duration FIRST_PAUSE = Duration.ofMillis(10);
  private static final Duration LONGEST_PAUSE = Duration.ofMillis(250);

  /** What all waits of one strategy share. */
  private record Subject(
      VmContainer container,
      String what,
      CompletableFuture<ExecOutcome> ended,
      AtomicReference<String> missing,
      AtomicReference<@Nullable Exception> failure) {}

  private final Subject subject;
  private final Deadline deadline;
  private final boolean asked;

  private ContainerWait(Subject subject, Deadline deadline, boolean asked) {
    this.subject = subject;
    this.deadline = deadline;
    this.asked = asked;
  }

  /**
   * Waits.
   *
   * @param ended the end of the first process and of its output
   */
  static void run(
      VmContainer container, WaitStrategy strategy, CompletableFuture<ExecOutcome> ended) {
    Subject subject =
        new Subject(
            container,
            strategy.describe(),
            ended,
            new AtomicReference<>(""),
            new AtomicReference<>());
    strategy.waitUntilReady(
        new ContainerWait(subject, Deadline.after(Wait.DEFAULT_TIMEOUT), false));
  }

  @Override
  public Container container() {
    return subject.container();
  }

  @Override
  public Duration remaining() {
    return deadline.remaining();
  }

  @Override
  public void missing(String reason) {
    subject.missing().set(reason);
    subject.failure().set(null);
  }

  @Override
  public Waiting within(Duration limit) {
    Duration allowed = asked ? deadline.remainingAtMost(limit) : limit;
    return new ContainerWait(subject, Deadline.after(allowed), true);
  }

  @Override
  public Waiting afresh() {
    return asked ? this : new ContainerWait(subject, Deadline.after(Wait.DEFAULT_TIMEOUT), false);
  }

  @Override
  public <T> T await(CompletableFuture<T> event) {
    awaitEither(event, deadline.remaining());
    if (!event.isDone()) {
      throw subject.ended().isDone() ? ended() : timedOut();
    }
    try {
      return event.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException unchecked) {
        throw unchecked;
      }
      if (e.getCause() instanceof Error serious) {
        throw serious;
      }
      throw e;
    }
  }

  @Override
  public void poll(Probe probe) {
    Duration pause = FIRST_PAUSE;
    while (!ask(probe)) {
      awaitEither(subject.ended(), deadline.remainingAtMost(pause));
      if (subject.ended().isDone()) {
        throw ended();
      }
      if (deadline.isExpired()) {
        throw timedOut();
      }
      pause = pause.multipliedBy(3).dividedBy(2);
      if (pause.compareTo(LONGEST_PAUSE) > 0) {
        pause = LONGEST_PAUSE;
      }
    }
  }

  /** Asks on a thread of its own: one that gets no answer must not outlast the wait. */
  private boolean ask(Probe probe) {
    CompletableFuture<Boolean> answer = new CompletableFuture<>();
    Thread asking =
        OwnedThreads.start(
            "kata-probe-" + subject.container().name(),
            () -> {
              try {
                answer.complete(probe.ask());
              } catch (Exception e) {
                answer.completeExceptionally(e);
              }
            },
            answer::completeExceptionally);
    try {
      return answer.get(deadline.remaining().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(e);
    } catch (ExecutionException e) {
      return failed(e.getCause() == null ? e : e.getCause());
    } finally {
      if (!answer.isDone()) {
        asking.interrupt();
      }
    }
  }

  private boolean failed(Throwable failure) {
    if (failure instanceof ContainerNotReadyException known) {
      throw known;
    }
    if (failure instanceof Error serious) {
      throw serious;
    }
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    remember(cause instanceof Exception e ? e : new IllegalStateException(cause));
    return false;
  }

  private void remember(Exception e) {
    subject.missing().set(e.toString());
    subject.failure().set(e);
  }

  private void awaitEither(CompletableFuture<?> event, Duration limit) {
    CompletableFuture<?> either =
        event == subject.ended() ? event : CompletableFuture.anyOf(event, subject.ended());
    try {
      either.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // The caller looks which of the two it was, if any.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted(e);
    }
  }

  private KataException interrupted(InterruptedException e) {
    return new KataException(
        ErrorCode.INTERRUPTED,
        "interrupted while container " + name() + " was waited for",
        details(e));
  }

  private ContainerNotReadyException timedOut() {
    return failure(
        ErrorCode.TIMEOUT,
        "container "
            + name()
            + " was not ready within "
            + deadline.allowed().toMillis()
            + " ms, waiting for "
            + subject.what(),
        Optional.empty());
  }

  @Override
  public ContainerNotReadyException unhealthy(String reason) {
    return failure(
        ErrorCode.CONTAINER_UNHEALTHY,
        "container " + name() + " is unhealthy: " + reason,
        Optional.empty());
  }

  private ContainerNotReadyException ended() {
    ExecOutcome outcome = subject.ended().join();
    boolean lost = outcome instanceof ExecOutcome.VmLost;
    return failure(
        lost ? ErrorCode.AGENT_LOST : ErrorCode.CONTAINER_ENDED,
        (lost ? "the first process of container " : "container ")
            + name()
            + " "
            + outcome.describe()
            + " while waiting for "
            + subject.what(),
        Optional.of(outcome));
  }

  private ContainerNotReadyException failure(
      ErrorCode code, String message, Optional<ExecOutcome> outcome) {
    String missing = Objects.requireNonNull(subject.missing().get());
    return new ContainerNotReadyException(
        code,
        message + (missing.isEmpty() ? "" : "; last: " + missing),
        details(subject.failure().get()),
        outcome,
        tail());
  }

  private Details details(@Nullable Exception cause) {
    Details details = Details.none().withSandbox(subject.container().sandbox().id());
    return cause == null ? details : details.withCause(cause);
  }

  private String name() {
    return subject.container().name() + " of sandbox " + subject.container().sandbox().id();
  }

  private String tail() {
    if (!subject.container().keepsLog()) {
      return "";
    }
    List<ContainerLog.Line> lines = subject.container().log().lines();
    return lines.subList(Math.max(0, lines.size() - TAIL_LINES), lines.size()).stream()
        .map(ContainerLog.Line::text)
        .collect(Collectors.joining("\n"));
  }
}
