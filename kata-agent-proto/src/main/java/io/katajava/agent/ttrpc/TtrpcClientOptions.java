package io.katajava.agent.ttrpc;

import java.util.concurrent.Executor;

/**
 * What a client is called and where it runs code of the application.
 *
 * @param name for thread names and messages, such as the id of a sandbox
 * @param callbacks runs what is attached to futures; must run it, sooner or later. {@code
 *     Runnable::run} runs it on the reader thread, for code that never blocks
 */
public record TtrpcClientOptions(String name, Executor callbacks) {

  /**
   * Gives the client a name; callbacks run on shared threads that may block.
   *
   * @param name for thread names and messages
   * @return the options
   */
  public static TtrpcClientOptions named(String name) {
    return new TtrpcClientOptions(name, SharedThreads.CALLBACKS);
  }

  /**
   * Replaces the executor.
   *
   * @param executor runs what is attached to futures
   * @return these options with it
   */
  public TtrpcClientOptions withCallbacks(Executor executor) {
    return new TtrpcClientOptions(name, executor);
  }
}
