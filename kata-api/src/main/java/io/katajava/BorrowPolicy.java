package io.katajava;

/** A policy that says what {@link SandboxPool#borrow()} does when no sandbox is idle. */
public enum BorrowPolicy {
  /** Fails at once with {@link ErrorCode#POOL_EMPTY}. */
  FAIL,
  /** Waits for one, at most {@link SandboxPool.Builder#borrowTimeout}. */
  WAIT,
  /** Starts one for the borrower, in its own thread, unless the maximum is reached. */
  CREATE
}
