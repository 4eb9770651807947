package io.katajava.agent;

import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.base.text.PrintableText;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when the agent refused a call or did not answer it, or could not be reached.
 *
 * <p>{@link #status()} tells what a caller can do: {@code UNAVAILABLE}, the connection is gone;
 * {@code DEADLINE_EXCEEDED}, no answer in time, the outcome is unknown; {@code CANCELLED}, this
 * thread was interrupted; anything else is the agent's own answer.
 */
public final class AgentException extends RuntimeException {
  private final TtrpcStatus status;
  private final String rpc;
  private final String sandboxId;
  private final String serverMessage;

  AgentException(
      TtrpcStatus status,
      String rpc,
      String sandboxId,
      String attempt,
      String reason,
      @Nullable Throwable cause) {
    super(
        PrintableText.lines(
            attempt + " (sandbox " + sandboxId + ") failed with " + status + ": " + reason),
        cause);
    this.status = status;
    this.rpc = rpc;
    this.sandboxId = sandboxId;
    this.serverMessage = reason;
  }

  /**
   * Returns the outcome in the protocol's terms.
   *
   * @return never OK
   */
  public TtrpcStatus status() {
    return status;
  }

  /**
   * Returns the call.
   *
   * @return bare name, such as {@code CreateContainer}; {@code connect} if none was made
   */
  public String rpc() {
    return rpc;
  }

  /**
   * Returns whose agent it is.
   *
   * @return the name given in {@link AgentClientOptions}
   */
  public String sandboxId() {
    return sandboxId;
  }

  /**
   * Returns the reason alone: the agent's text, or ours if the agent did not answer. An agent's
   * text is not to be trusted; control characters are escaped and it ends after 8 KiB.
   *
   * @return never null, possibly empty
   */
  public String serverMessage() {
    return serverMessage;
  }
}
