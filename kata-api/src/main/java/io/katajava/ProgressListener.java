package io.katajava;

/**
 * A listener to the progress of operations that take long: a pull, a layer on its way to a block
 * image, the build of a guest. Called by the threads that do the work, at most some ten times a
 * second for one subject; it must return soon and not throw.
 */
@FunctionalInterface
public interface ProgressListener {

  /** Hears nothing. */
  ProgressListener NONE = event -> {};

  /**
   * Hears of progress.
   *
   * @param event what is done and how far it is
   */
  void progress(ProgressEvent event);
}
