package io.katajava.internal.tar;

import io.katajava.internal.tree.BytePath;
import java.io.IOException;
import java.util.List;

/** Names of entries that nobody has checked. */
final class EntryNames {
  private EntryNames() {}

  /** The names of an entry's path; one that begins at the root or climbs is refused. */
  static List<BytePath> of(BytePath path) throws IOException {
    List<BytePath> parts = path.parts();
    boolean nul = false;
    for (byte b : path.bytes()) {
      nul |= b == 0;
    }
    if (nul || path.isAbsolute() || parts.contains(BytePath.of(".."))) {
      throw new IOException("'" + path + "' leads out of the target");
    }
    return parts;
  }

  static List<BytePath> above(List<BytePath> parts) {
    return parts.subList(0, parts.size() - 1);
  }

  static BytePath last(List<BytePath> parts) {
    return parts.get(parts.size() - 1);
  }
}
