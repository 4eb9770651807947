package io.katajava.internal.disk;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Remembers what is being made outside the state directory, so that the next runtime removes it
 * should this JVM be killed before it is done.
 */
public interface DraftNotes {
  /** Remembers nothing. */
  DraftNotes NONE = path -> () -> {};

  /** A note, to be closed once the draft has become what it was to be, or is removed. */
  interface Note extends AutoCloseable {
    @Override
    void close();
  }

  /**
   * Notes a file or directory that is about to be made.
   *
   * @param draft its absolute path, which nothing else will ever have
   * @return the note
   * @throws IOException if it cannot be written
   */
  Note note(Path draft) throws IOException;
}
