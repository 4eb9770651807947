package io.katajava.qmp;

import java.time.Duration;
import java.util.Objects;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** Options of a {@link QmpClient}. Immutable; begin with {@link #defaults} or {@link #builder}. */
public final class QmpOptions {
  /** Longest wait for a session: connecting, greeting and negotiation together. */
  public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(10);

  /** Longest wait for a reply. */
  public static final Duration DEFAULT_CALL_TIMEOUT = Duration.ofSeconds(10);

  /** Longest message taken from the peer, in bytes: 32 MiB. */
  public static final int DEFAULT_MAX_MESSAGE_BYTES = 32 << 20;

  /** Events a subscriber may leave unread. */
  public static final int DEFAULT_EVENT_CAPACITY = 1024;

  /** Commands that may be under way at once; a further one waits, within its timeout. */
  public static final int DEFAULT_MAX_IN_FLIGHT = 4096;

  private static final QmpOptions DEFAULTS = builder().build();

  private final Duration connectTimeout;
  private final Duration callTimeout;
  private final int maxMessageBytes;
  private final int eventCapacity;
  private final int maxInFlight;
  private final boolean outOfBand;
  private final boolean awaitSocket;
  private final boolean guestAgent;
  private final @Nullable Long expectedPeer;
  private final @Nullable String name;
  private final @Nullable Executor callbackExecutor;
  private final QmpObserver observer;

  private QmpOptions(Builder builder) {
    this.connectTimeout = builder.connectTimeout;
    this.callTimeout = builder.callTimeout;
    this.maxMessageBytes = builder.maxMessageBytes;
    this.eventCapacity = builder.eventCapacity;
    this.maxInFlight = builder.maxInFlight;
    this.outOfBand = builder.outOfBand;
    this.awaitSocket = builder.awaitSocket;
    this.guestAgent = builder.guestAgent;
    this.expectedPeer = builder.expectedPeer;
    this.name = builder.name;
    this.callbackExecutor = builder.callbackExecutor;
    this.observer = builder.observer;
  }

  /**
   * Returns the defaults, for QEMU and qemu-storage-daemon.
   *
   * @return the defaults
   */
  public static QmpOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns options for the guest agent of QEMU: no greeting, {@code guest-sync-delimited} instead.
   *
   * @return the defaults for a guest agent
   */
  public static QmpOptions guestAgent() {
    return builder().guestAgentProtocol(true).build();
  }

  /**
   * Starts with the defaults.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Starts with these options.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.connectTimeout = connectTimeout;
    builder.callTimeout = callTimeout;
    builder.maxMessageBytes = maxMessageBytes;
    builder.eventCapacity = eventCapacity;
    builder.maxInFlight = maxInFlight;
    builder.outOfBand = outOfBand;
    builder.awaitSocket = awaitSocket;
    builder.guestAgent = guestAgent;
    builder.expectedPeer = expectedPeer;
    builder.name = name;
    builder.callbackExecutor = callbackExecutor;
    builder.observer = observer;
    return builder;
  }

  /**
   * Returns the longest wait for a session.
   *
   * @return for connecting, greeting and negotiation together
   */
  public Duration connectTimeout() {
    return connectTimeout;
  }

  /**
   * Returns the longest wait for a reply where a call names none.
   *
   * @return the timeout of a call
   */
  public Duration callTimeout() {
    return callTimeout;
  }

  /**
   * Returns the longest message taken from the peer.
   *
   * @return bytes
   */
  public int maxMessageBytes() {
    return maxMessageBytes;
  }

  /**
   * Returns how many events a subscriber may leave unread.
   *
   * @return the capacity of an {@link EventQueue}
   */
  public int eventCapacity() {
    return eventCapacity;
  }

  /**
   * Returns how many commands may be under way at once.
   *
   * @return the bound
   */
  public int maxInFlight() {
    return maxInFlight;
  }

  /**
   * Tells whether out-of-band execution is negotiated when QEMU offers it.
   *
   * @return true unless switched off
   */
  public boolean outOfBand() {
    return outOfBand;
  }

  /**
   * Tells whether connecting waits for the socket to appear.
   *
   * @return false unless switched on
   */
  public boolean awaitSocket() {
    return awaitSocket;
  }

  /**
   * Tells whether the peer is a guest agent.
   *
   * @return false unless switched on
   */
  public boolean isGuestAgent() {
    return guestAgent;
  }

  /**
   * Returns the process that must be at the other end.
   *
   * @return its id, or empty if any will do
   */
  public OptionalLong expectedPeer() {
    return expectedPeer == null ? OptionalLong.empty() : OptionalLong.of(expectedPeer);
  }

  @Nullable String name() {
    return name;
  }

  @Nullable Executor callbackExecutor() {
    return callbackExecutor;
  }

  QmpObserver observer() {
    return observer;
  }

  /** Collects options. */
  public static final class Builder {
    private Duration connectTimeout = DEFAULT_CONNECT_TIMEOUT;
    private Duration callTimeout = DEFAULT_CALL_TIMEOUT;
    private int maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES;
    private int eventCapacity = DEFAULT_EVENT_CAPACITY;
    private int maxInFlight = DEFAULT_MAX_IN_FLIGHT;
    private boolean outOfBand = true;
    private boolean awaitSocket;
    private boolean guestAgent;
    private @Nullable Long expectedPeer;
    private @Nullable String name;
    private @Nullable Executor callbackExecutor;
    private QmpObserver observer = QmpObserver.NONE;

    private Builder() {}

    /**
     * Sets the longest wait for a session.
     *
     * @param timeout for connecting, greeting and negotiation together, positive
     * @return this builder
     */
    public Builder connectTimeout(Duration timeout) {
      this.connectTimeout = positive(timeout, "connectTimeout");
      return this;
    }

    /**
     * Sets the longest wait for a reply where a call names none.
     *
     * @param timeout positive
     * @return this builder
     */
    public Builder callTimeout(Duration timeout) {
      this.callTimeout = positive(timeout, "callTimeout");
      return this;
    }

    /**
     * Sets the longest message taken from the peer. A longer one ends the session.
     *
     * @param bytes at least 1024
     * @return this builder
     */
    public Builder maxMessageBytes(int bytes) {
      this.maxMessageBytes = atLeast(1024, bytes, "maxMessageBytes");
      return this;
    }

    /**
     * Sets how many events a subscriber may leave unread, see {@link EventQueue}.
     *
     * @param events at least 1
     * @return this builder
     */
    public Builder eventCapacity(int events) {
      this.eventCapacity = atLeast(1, events, "eventCapacity");
      return this;
    }

    /**
     * Sets how many commands may be under way at once. A further one waits within its timeout.
     *
     * @param commands at least 1
     * @return this builder
     */
    public Builder maxInFlight(int commands) {
      this.maxInFlight = atLeast(1, commands, "maxInFlight");
      return this;
    }

    /**
     * Sets whether out-of-band execution is negotiated when QEMU offers it.
     *
     * @param wanted true by default
     * @return this builder
     */
    public Builder outOfBand(boolean wanted) {
      this.outOfBand = wanted;
      return this;
    }

    /**
     * Sets whether connecting waits, within its timeout, for the socket to appear: for a QEMU that
     * was only just started.
     *
     * @param wanted false by default: a missing socket fails at once
     * @return this builder
     */
    public Builder awaitSocket(boolean wanted) {
      this.awaitSocket = wanted;
      return this;
    }

    /**
     * Sets whether the peer is a guest agent, which sends no greeting.
     *
     * @param wanted false by default
     * @return this builder
     */
    public Builder guestAgentProtocol(boolean wanted) {
      this.guestAgent = wanted;
      return this;
    }

    /**
     * Demands that a certain process is at the other end, by the kernel's word (SO_PEERCRED).
     *
     * @param pid the process that listens
     * @return this builder
     */
    public Builder expectedPeer(long pid) {
      this.expectedPeer = pid;
      return this;
    }

    /**
     * Names the client in logs and names of threads.
     *
     * @param name such as the id of the VM; by default the socket
     * @return this builder
     */
    public Builder name(String name) {
      this.name = Objects.requireNonNull(name, "name");
      return this;
    }

    /**
     * Sets where futures are completed, and so where their dependents run.
     *
     * @param executor by default threads of the client's own, ended with it
     * @return this builder
     */
    public Builder callbackExecutor(Executor executor) {
      this.callbackExecutor = Objects.requireNonNull(executor, "executor");
      return this;
    }

    /**
     * Follows the commands.
     *
     * @param observer {@link QmpObserver#NONE} by default
     * @return this builder
     */
    public Builder observer(QmpObserver observer) {
      this.observer = Objects.requireNonNull(observer, "observer");
      return this;
    }

    /**
     * Makes the options.
     *
     * @return the options
     */
    public QmpOptions build() {
      return new QmpOptions(this);
    }

    private static Duration positive(Duration value, String what) {
      if (value.isZero() || value.isNegative()) {
        throw new IllegalArgumentException(what + " must be positive but is " + value);
      }
      return value;
    }

    private static int atLeast(int minimum, int value, String what) {
      if (value < minimum) {
        throw new IllegalArgumentException(
            what + " must be at least " + minimum + " but is " + value);
      }
      return value;
    }
  }
}
