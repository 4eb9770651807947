package io.katajava.agent;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Options for connecting to an agent and calling it.
 *
 * @param name whose agent it is, for messages, logs and thread names; usually the sandbox id
 * @param connectTimeout the longest wait for the agent, handshakes and retries included
 * @param callDeadline the longest wait of a blocking call. Calls that wait for something to happen
 *     in the guest have none
 * @param booting whether the guest may still be starting: then nobody listening is no error before
 *     the timeout, and a serial port is awaited patiently instead of being resynchronised
 * @param callbacks runs what is attached to futures; empty for shared threads that may block
 * @param traceparent gives the W3C trace context of a call, or null for none
 * @param observer follows the calls
 */
public record AgentClientOptions(
    String name,
    Duration connectTimeout,
    Duration callDeadline,
    boolean booting,
    Optional<Executor> callbacks,
    Supplier<@Nullable String> traceparent,
    AgentObserver observer) {

  /** The wait for an agent when nothing else is said: a guest boots in it even without KVM. */
  public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(60);

  /** The deadline of blocking calls when nothing else is said, as in upstream's runtime. */
  public static final Duration DEFAULT_CALL_DEADLINE = Duration.ofSeconds(60);

  /** Checks the durations. */
  public AgentClientOptions {
    requirePositive("connectTimeout", connectTimeout);
    requirePositive("callDeadline", callDeadline);
  }

  private static void requirePositive(String what, Duration value) {
    if (value.isZero() || value.isNegative()) {
      throw new IllegalArgumentException(what + " must be positive but is " + value);
    }
  }

  /**
   * Begins with the defaults.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects the options. */
  public static final class Builder {
    private String name = "-";
    private Duration connectTimeout = DEFAULT_CONNECT_TIMEOUT;
    private Duration callDeadline = DEFAULT_CALL_DEADLINE;
    private boolean booting = true;
    private Optional<Executor> callbacks = Optional.empty();
    private Supplier<@Nullable String> traceparent = () -> null;
    private AgentObserver observer = AgentObserver.NONE;

    private Builder() {}

    /**
     * Says whose agent it is.
     *
     * @param name usually the sandbox id
     * @return this builder
     */
    public Builder name(String name) {
      this.name = name;
      return this;
    }

    /**
     * Bounds the wait for the agent. Defaults to {@link #DEFAULT_CONNECT_TIMEOUT}.
     *
     * @param timeout positive
     * @return this builder
     */
    public Builder connectTimeout(Duration timeout) {
      this.connectTimeout = timeout;
      return this;
    }

    /**
     * Bounds blocking calls. Defaults to {@link #DEFAULT_CALL_DEADLINE}.
     *
     * @param deadline positive
     * @return this builder
     */
    public Builder callDeadline(Duration deadline) {
      this.callDeadline = deadline;
      return this;
    }

    /**
     * Says whether the guest may still be starting. Defaults to true.
     *
     * @param booting false for a guest that runs
     * @return this builder
     */
    public Builder booting(boolean booting) {
      this.booting = booting;
      return this;
    }

    /**
     * Runs what is attached to futures elsewhere.
     *
     * @param executor must run everything, sooner or later
     * @return this builder
     */
    public Builder callbacks(Executor executor) {
      this.callbacks = Optional.of(executor);
      return this;
    }

    /**
     * Sends the trace context with every call, as metadata {@code traceparent}.
     *
     * @param supplier asked on the calling thread; null for none
     * @return this builder
     */
    public Builder traceparent(Supplier<@Nullable String> supplier) {
      this.traceparent = supplier;
      return this;
    }

    /**
     * Follows the calls. Defaults to {@link AgentObserver#NONE}.
     *
     * @param observer is told of the begin and the end of each
     * @return this builder
     */
    public Builder observer(AgentObserver observer) {
      this.observer = observer;
      return this;
    }

    /**
     * Makes the options.
     *
     * @return immutable
     * @throws IllegalArgumentException if a duration is not positive
     */
    public AgentClientOptions build() {
      return new AgentClientOptions(
          name, connectTimeout, callDeadline, booting, callbacks, traceparent, observer);
    }
  }
}
