package io.katajava.agent.ttrpc;

import org.jspecify.annotations.Nullable;

/** Something that waits for frames of one stream id. Its methods must not block. */
interface Pending {

  /** A frame of the stream arrived; called by the reader thread. */
  void received(Frame frame);

  /** The connection is gone, or the call late; called once at most, by any thread. */
  void failed(Failure failure);

  /** What went wrong. An exception is made of it by the thread that gets to see it. */
  record Failure(TtrpcStatus status, String message, @Nullable Throwable cause) {
    TtrpcException toException(String service, String method) {
      return new TtrpcException(
          status, "calling " + service + "/" + method + ": " + message, cause);
    }
  }
}
