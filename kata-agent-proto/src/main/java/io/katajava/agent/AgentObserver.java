package io.katajava.agent;

import org.jspecify.annotations.Nullable;

/**
 * An observer of the calls of an {@link AgentClient}, for tracing and figures. Nothing is observed
 * unless one is given: {@link AgentClientOptions.Builder#observer}, {@link AgentClient#observedBy}.
 *
 * <p>Its methods are on the way of every call: they must neither wait nor throw.
 */
public interface AgentObserver {

  /** Sees nothing, and costs nothing. */
  AgentObserver NONE =
      new AgentObserver() {
        @Override
        public @Nullable Call begin(String rpc, String subject) {
          return null;
        }

        @Override
        public void end(
            @Nullable Call call, String rpc, long nanos, @Nullable AgentException failure) {}
      };

  /** What an observer remembers of a call under way. */
  interface Call {

    /**
     * Gives the trace context the agent is told, as ttRPC metadata {@code traceparent}.
     *
     * @return as in W3C Trace Context, or null for that of {@link AgentClientOptions#traceparent}
     */
    @Nullable String traceparent();
  }

  /**
   * A call is about to be sent; on its caller's thread.
   *
   * @param rpc the method's bare name, such as {@code CreateContainer}
   * @param subject the sandbox, container or process it is about; may be empty
   * @return what to remember of it; null for nothing, which allocates nothing
   */
  @Nullable Call begin(String rpc, String subject);

  /**
   * A call is over: answered, refused, given up, or its future cancelled. Told once for each begin,
   * on any thread.
   *
   * @param call what {@link #begin} returned
   * @param rpc the method's bare name
   * @param nanos how long it took, in nanoseconds
   * @param failure why it failed; null when it was answered
   */
  void end(@Nullable Call call, String rpc, long nanos, @Nullable AgentException failure);
}
