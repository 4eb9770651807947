package io.katajava.internal.tree;

import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Goes to directories below a root, one after the other. Only the root and the one it is at are
 * open, however deep a hostile archive goes; the next one is mostly the same or below it.
 */
public final class TreePlace implements AutoCloseable {
  private static final int DIRECTORY = 0755;

  private final OpenDirectory root;
  private List<BytePath> at = List.of();
  private @Nullable OpenDirectory current;

  /**
   * Begins at the root.
   *
   * @param root stays the caller's
   */
  public TreePlace(OpenDirectory root) {
    this.root = root;
  }

  /**
   * Goes to a directory that is there.
   *
   * @param names of the directories on the way from the root
   * @return it, open until the next call; null if part of the way is missing, a link or no
   *     directory
   * @throws IOException if it may not be entered
   */
  public @Nullable OpenDirectory find(List<BytePath> names) throws IOException {
    try {
      return go(names, false);
    } catch (FileCallException e) {
      if (e.isMissing() || e.isNoDirectory()) {
        return null;
      }
      throw e;
    }
  }

  /**
   * Goes to a directory, and makes what is missing on the way.
   *
   * @param names of the directories on the way from the root
   * @return it, open until the next call
   * @throws IOException if part of the way is a link or no directory, or it cannot be made
   */
  public OpenDirectory make(List<BytePath> names) throws IOException {
    try {
      return go(names, true);
    } catch (FileCallException e) {
      if (e.isNoDirectory()) {
        throw new IOException(
            BytePath.of(names) + " is a link or no directory, and is not written through", e);
      }
      throw e;
    }
  }

  /**
   * Another one below the same root, for what needs two directories at once.
   *
   * @return at the root
   */
  public TreePlace another() {
    return new TreePlace(root);
  }

  private OpenDirectory go(List<BytePath> names, boolean make) throws IOException {
    boolean below = names.size() >= at.size() && names.subList(0, at.size()).equals(at);
    int depth = below && current != null ? at.size() : 0;
    if (depth == 0) {
      leave();
    }
    while (depth < names.size()) {
      OpenDirectory here = Objects.requireNonNullElse(current, root);
      OpenDirectory next = enter(here, names.get(depth), make);
      leave();
      depth++;
      current = next;
      at = List.copyOf(names.subList(0, depth));
    }
    return Objects.requireNonNullElse(current, root);
  }

  private static OpenDirectory enter(OpenDirectory from, BytePath name, boolean make)
      throws IOException {
    try {
      return from.directory(name);
    } catch (FileCallException e) {
      if (!make || !e.isMissing()) {
        throw e;
      }
    }
    try {
      from.makeDirectory(name, DIRECTORY);
    } catch (FileCallException e) {
      if (!e.is(FileCallException.EEXIST)) {
        throw e;
      }
    }
    return from.directory(name);
  }

  private void leave() {
    OpenDirectory left = current;
    current = null;
    at = List.of();
    if (left != null) {
      left.close();
    }
  }

  @Override
  public void close() {
    leave();
  }
}
