package io.katajava.internal.tar;

import io.katajava.internal.tar.HostSnapshot.Noted;
import io.katajava.internal.tree.FileStatus;
import io.katajava.internal.tree.OpenFile;
import java.io.IOException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What of a file's owner, mode and time is to be another.
 *
 * @param uid the owner it is to have
 * @param gid the group it is to have
 * @param isOwner whether the guest has changed one of them
 * @param mode the mode it is to have
 * @param isMode whether that is another one
 * @param isTime whether it gets the guest's time
 */
record Change(long uid, long gid, boolean isOwner, int mode, boolean isMode, boolean isTime) {
  private static final int SET_ID = 06000;
  private static final int OF_DIRECTORY = 03777;

  /** What the guest's differs in from what was copied. */
  static Change of(TarEntry entry, FileStatus copied) {
    boolean owner = entry.uid() != copied.uid() || entry.gid() != copied.gid();
    boolean mode = entry.mode() != copied.mode();
    return new Change(
        entry.uid(), entry.gid(), owner, entry.mode(), mode, differ(entry, copied.modified()));
  }

  /** It was copied with whole seconds; what the guest has changed mostly has more. */
  private static boolean differ(TarEntry entry, Instant copied) {
    return !entry.modified().equals(Instant.ofEpochSecond(copied.getEpochSecond()));
  }

  /** A new file gets all the guest gave it but the right to run as somebody else. */
  static Change ofNew(TarEntry entry) {
    boolean directory = entry.type() == TarEntry.Type.DIRECTORY;
    int mode = entry.mode() & (directory ? OF_DIRECTORY : ~SET_ID);
    return new Change(entry.uid(), entry.gid(), true, mode, true, true);
  }

  /**
   * What is to be changed of what the host has: what the guest has changed since it was copied. A
   * file runs as its owner only if it did before, and is still the same owner's.
   */
  static Change between(TarEntry entry, @Nullable Noted noted, FileStatus now) {
    boolean directory = now.isDirectory();
    if (noted == null || noted.status().kind() != now.kind()) {
      return ofNew(entry);
    }
    Change guest = of(entry, noted.status());
    long uid = entry.uid() == noted.status().uid() ? now.uid() : entry.uid();
    long gid = entry.gid() == noted.status().gid() ? now.gid() : entry.gid();
    int mode = guest.isMode() ? entry.mode() : now.mode();
    if (directory) {
      mode &= OF_DIRECTORY;
      mode |= guest.isMode() ? 0 : now.mode();
    } else if (guest.isOwner()) {
      mode &= ~SET_ID;
    } else {
      mode &= ~SET_ID | now.mode();
    }
    return new Change(uid, gid, guest.isOwner(), mode, mode != now.mode(), guest.isTime());
  }

  /** The same for a file that is written anew. */
  Change rewritten(FileStatus now) {
    return new Change(uid, gid, true, mode & ~SET_ID, true, true);
  }

  boolean isAny() {
    return isOwner || isMode || isTime;
  }

  /**
   * Makes it so.
   *
   * @return whether this process may give the file that owner; the rest is done all the same
   */
  boolean apply(OpenFile file, TarEntry entry) throws IOException {
    boolean given = !isOwner || file.setOwner(uid, gid);
    if (isMode || isOwner) {
      // After the owner, whose change takes bits away.
      file.setMode(mode);
    }
    if (isTime) {
      file.setModified(entry.modified());
    }
    return given;
  }
}
