package io.katajava.internal.tar;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Directories that get their attributes last: one without write permission must be filled before,
 * and what is made in one changes its time.
 */
final class PendingDirectories {
  /** A hostile guest could name directories for as long as the JVM has memory. */
  private static final long MOST_BYTES = 64 << 20;

  /** What keeping one costs besides its name, at most. */
  private static final int EACH = 256;

  private final List<TarEntry> entries = new ArrayList<>();
  private long bytes;

  void add(TarEntry entry) throws IOException {
    bytes += EACH + entry.name().length();
    if (bytes > MOST_BYTES) {
      throw new IOException("the archive has too many directories");
    }
    entries.add(entry);
  }

  /** The last one first. */
  List<TarEntry> lastFirst() {
    List<TarEntry> reversed = new ArrayList<>(entries);
    Collections.reverse(reversed);
    return reversed;
  }
}
