package io.katajava.internal.tar;

import io.katajava.internal.tree.Draft;
import io.katajava.internal.tree.OpenDirectory;
import io.katajava.internal.tree.OpenFile;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** A draft that is made when something is to be written. */
final class LazyDraft implements Content.Target, AutoCloseable {
  private final OpenDirectory directory;
  private @Nullable Draft draft;

  LazyDraft(OpenDirectory directory) {
    this.directory = directory;
  }

  Draft made() throws IOException {
    Draft made = draft;
    if (made == null) {
      made = Draft.of(directory);
      draft = made;
    }
    return made;
  }

  @Override
  public OpenFile file() throws IOException {
    return made().file();
  }

  @Override
  public void close() throws IOException {
    if (draft != null) {
      draft.close();
    }
  }
}
