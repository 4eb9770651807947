package io.katajava.internal.tar;

import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.FileStatus;
import io.katajava.internal.tree.OpenDirectory;
import java.io.IOException;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What a directory of the host had in it when it was copied into a guest: what tells, on the way
 * back, what the guest has changed from what the host has, and deletions in the guest from files
 * that are new on the host.
 */
public final class HostSnapshot {
  private final NavigableMap<BytePath, Noted> all = new TreeMap<>();

  /** One thing that was copied. */
  static final class Noted {
    private final FileStatus status;
    private final @Nullable BytePath link;

    /** Whether the guest still has something of that name. */
    private boolean seen;

    /** Whether the host has something else in its place by us. */
    private boolean rewritten;

    private Noted(FileStatus status, @Nullable BytePath link) {
      this.status = status;
      this.link = link;
    }

    FileStatus status() {
      return status;
    }

    @Nullable BytePath link() {
      return link;
    }

    void see() {
      seen = true;
    }

    boolean isSeen() {
      return seen;
    }

    void rewrite() {
      rewritten = true;
    }

    boolean isRewritten() {
      return rewritten;
    }
  }

  /**
   * Whether it is of this very directory.
   *
   * @param directory which may have got the name of that one
   * @return whether it is
   * @throws IOException if that cannot be told
   */
  public boolean isOf(OpenDirectory directory) throws IOException {
    Noted root = all.get(BytePath.HERE);
    return root != null && root.status().identity().equals(directory.status().identity());
  }

  /** What was at a path. */
  void note(BytePath path, FileStatus status, @Nullable BytePath link) {
    all.put(path, new Noted(status, link));
  }

  /** What was at a path; null if nothing was. */
  @Nullable Noted at(BytePath path) {
    return all.get(path);
  }

  /** Everything, what is in a directory before the directory. */
  Map<BytePath, Noted> deepestFirst() {
    return all.descendingMap();
  }

  /** What was below a directory, what is in a directory before the directory. */
  Map<BytePath, Noted> below(BytePath directory) {
    // The slash's successor ends what begins with the directory's name and a slash.
    BytePath first = directory.resolve(BytePath.of(""));
    BytePath end = BytePath.of(concatenated(directory.bytes(), (byte) ('/' + 1)));
    return all.subMap(first, true, end, false).descendingMap();
  }

  private static byte[] concatenated(byte[] bytes, byte last) {
    byte[] longer = java.util.Arrays.copyOf(bytes, bytes.length + 1);
    longer[bytes.length] = last;
    return longer;
  }
}
