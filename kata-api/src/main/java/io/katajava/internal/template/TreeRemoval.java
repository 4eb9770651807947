package io.katajava.internal.template;

import java.io.IOException;
import java.nio.file.Path;

/** The name by which the engine knows {@link io.katajava.base.files.TreeRemoval}. */
public final class TreeRemoval {
  private TreeRemoval() {}

  /**
   * Removes a directory with everything in it.
   *
   * @param root the directory, or a file
   * @throws IOException if something cannot be removed
   */
  public static void of(Path root) throws IOException {
    io.katajava.base.files.TreeRemoval.of(root);
  }
}
