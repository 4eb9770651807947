package io.katajava.internal.exec;

import org.jspecify.annotations.Nullable;

/** Takes the chunks of one output stream, in order, from one caller at a time. */
public interface OutputSink {

  /**
   * Takes a chunk, never blocking.
   *
   * @param chunk not empty; the sink may keep it
   * @param resume to be run once more is wanted, if the answer is no
   * @return whether the next chunk is wanted now
   */
  boolean accept(byte[] chunk, Runnable resume);

  /**
   * The stream has ended; there is no more.
   *
   * @param failure why it broke off; null for a real end of file
   */
  void end(@Nullable Throwable failure);
}
