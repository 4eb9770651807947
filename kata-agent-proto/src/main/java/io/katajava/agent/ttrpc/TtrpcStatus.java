package io.katajava.agent.ttrpc;

/** Outcome of a call. Numbers are those of gRPC, which ttRPC shares. */
public enum TtrpcStatus {
  /** The call succeeded. */
  OK(0),
  /** The caller gave the call up. */
  CANCELLED(1),
  /** An error without a better code; also any code we do not know. */
  UNKNOWN(2),
  /** The request is wrong whatever the state of the server. */
  INVALID_ARGUMENT(3),
  /** The deadline passed first. The operation may still happen. */
  DEADLINE_EXCEEDED(4),
  /** What the request names does not exist. */
  NOT_FOUND(5),
  /** What the request would create exists already. */
  ALREADY_EXISTS(6),
  /** The caller may not do that. */
  PERMISSION_DENIED(7),
  /** A limit was reached. */
  RESOURCE_EXHAUSTED(8),
  /** The server is not in the state the operation needs. */
  FAILED_PRECONDITION(9),
  /** The operation was aborted, typically by a concurrent one. */
  ABORTED(10),
  /** The operation went past a valid range. */
  OUT_OF_RANGE(11),
  /** The server has no such method. */
  UNIMPLEMENTED(12),
  /** The server failed, or a message could not be understood. */
  INTERNAL(13),
  /** The connection is gone. Whether the operation happened is unknown. */
  UNAVAILABLE(14),
  /** Data was lost beyond repair. */
  DATA_LOSS(15),
  /** The caller has no valid credentials. */
  UNAUTHENTICATED(16);

  private static final TtrpcStatus[] BY_CODE = values();

  private final int code;

  TtrpcStatus(int code) {
    this.code = code;
  }

  /**
   * Returns the number on the wire.
   *
   * @return 0 to 16
   */
  public int code() {
    return code;
  }

  /**
   * Finds the status of a number.
   *
   * @param code as on the wire
   * @return the status, {@link #UNKNOWN} if the number is not known
   */
  public static TtrpcStatus of(int code) {
    return code >= 0 && code < BY_CODE.length ? BY_CODE[code] : UNKNOWN;
  }
}
