package io.katajava.internal.tar;

import io.katajava.internal.tar.HostSnapshot.Noted;
import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.Draft;
import io.katajava.internal.tree.FileCallException;
import io.katajava.internal.tree.FileStatus;
import io.katajava.internal.tree.OpenDirectory;
import io.katajava.internal.tree.OpenFile;
import io.katajava.internal.tree.TreePlace;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings a directory of the host to what a guest made of its copy. What the guest did not change is
 * not touched, and what the host alone has changed meanwhile stays. An entry that cannot be brought
 * there holds up no other.
 */
public final class CopyBack {
  private static final Logger log = LoggerFactory.getLogger(CopyBack.class);

  private final OpenDirectory root;
  private final HostSnapshot before;
  private final PendingDirectories directories = new PendingDirectories();
  private final Failures failures = new Failures();

  /**
   * Begins.
   *
   * @param root the directory on the host
   * @param before what it had when it was copied
   */
  public CopyBack(OpenDirectory root, HostSnapshot before) {
    this.root = root;
    this.before = before;
  }

  /**
   * Takes over what is in the archive.
   *
   * @param archive everything the guest has
   * @throws IOException if it is malformed or ends too early
   */
  public void take(TarReader archive) throws IOException {
    try (TreePlace place = new TreePlace(root)) {
      for (TarEntry entry = archive.next(); entry != null; entry = archive.next()) {
        try {
          take(archive, entry, place);
        } catch (IOException e) {
          if (archive.isOver()) {
            throw e;
          }
          failures.add(entry.name(), e);
        }
      }
    }
  }

  /**
   * Removes what was copied once and is in the archive no more, and gives directories their modes
   * and times. To be called once it is known that the archive was whole.
   *
   * @throws IOException naming what could not be taken over, be it here or before
   */
  public void finish() throws IOException {
    try (TreePlace place = new TreePlace(root)) {
      remove(before.deepestFirst(), place);
      for (TarEntry entry : directories.lastFirst()) {
        try {
          change(entry, place);
        } catch (IOException e) {
          failures.add(entry.name(), e);
        }
      }
    }
    if (!failures.isEmpty()) {
      throw new IOException("these entries could not be written, all others were: " + failures);
    }
  }

  /**
   * What could not be taken over so far.
   *
   * @return names and reasons, empty if everything could be
   */
  public String failures() {
    return failures.toString();
  }

  private void take(TarReader archive, TarEntry entry, TreePlace place) throws IOException {
    List<BytePath> parts = EntryNames.of(entry.name());
    if (parts.isEmpty()) {
      if (entry.type() == TarEntry.Type.DIRECTORY) {
        directories.add(entry);
      }
      return;
    }
    Noted noted = before.at(BytePath.of(parts));
    if (noted != null) {
      noted.see();
    }
    OpenDirectory directory = place.find(EntryNames.above(parts));
    BytePath name = EntryNames.last(parts);
    FileStatus now = directory == null ? null : directory.find(name);
    Place here = new Place(parts, name, noted, now);
    switch (entry.type()) {
      case DIRECTORY -> takeDirectory(entry, here, place);
      case FILE -> takeFile(archive, entry, here, place);
      case LINK -> takeLink(entry, here, place);
      case HARD_LINK -> takeHardLink(entry, here, place);
      case PIPE, CHARACTER, BLOCK, OTHER -> {
        if (noted == null || noted.status().kind() != FileStatus.Kind.PIPE) {
          log.info(
              "{} of {} is not a file, directory or link, and stays in the guest",
              entry.name(),
              root);
        }
      }
    }
  }

  /**
   * Where an entry belongs.
   *
   * @param parts its names
   * @param name the last one
   * @param noted what was copied from there, if anything was
   * @param now what the host has there, if anything
   */
  private record Place(
      List<BytePath> parts, BytePath name, @Nullable Noted noted, @Nullable FileStatus now) {

    List<BytePath> above() {
      return EntryNames.above(parts);
    }

    boolean isChangedByHost() {
      return noted != null && (now == null || !now.isAsIn(noted.status()));
    }

    FileStatus.@Nullable Kind kind() {
      return now == null ? null : now.kind();
    }
  }

  /** Whether the guest's still looks as it was copied, by what its archive can tell. */
  private static boolean isAsCopied(@Nullable Noted noted, TarEntry entry) {
    if (noted == null) {
      return false;
    }
    FileStatus copied = noted.status();
    return switch (entry.type()) {
      case DIRECTORY -> copied.isDirectory() && !Change.of(entry, copied).isAny();
      case FILE ->
          copied.isFile() && copied.size() == entry.size() && !Change.of(entry, copied).isTime();
      case LINK -> Objects.equals(noted.link(), entry.link());
      default -> false;
    };
  }

  private void takeDirectory(TarEntry entry, Place here, TreePlace place) throws IOException {
    if (here.kind() == FileStatus.Kind.DIRECTORY) {
      directories.add(entry);
      return;
    }
    if (here.isChangedByHost() && isAsCopied(here.noted(), entry)) {
      return;
    }
    OpenDirectory directory = place.make(here.above());
    if (here.now() != null) {
      requireOurs(here);
      directory.remove(here.name());
    }
    place.make(here.parts());
    directories.add(entry);
  }

  /** What is of another kind gives way only if it is what was copied. */
  private static void requireOurs(Place here) throws IOException {
    if (here.noted() == null || here.isChangedByHost()) {
      throw new IOException("the host has changed it since it was copied");
    }
  }

  /** Makes room for what is no directory. */
  private OpenDirectory makeRoom(Place here, TreePlace place) throws IOException {
    FileStatus.Kind kind = here.kind();
    if (kind == FileStatus.Kind.DIRECTORY) {
      requireOurs(here);
      remove(before.below(BytePath.of(here.parts())), place);
      OpenDirectory directory = place.make(here.above());
      try {
        directory.removeDirectory(here.name());
      } catch (FileCallException e) {
        throw new IOException(
            "the guest no longer has this directory, but the host has put something new into it",
            e);
      }
      return directory;
    }
    if (kind != null && (kind == FileStatus.Kind.PIPE || kind.isSpecial())) {
      requireOurs(here);
    }
    return place.make(here.above());
  }

  private void takeFile(TarReader archive, TarEntry entry, Place here, TreePlace place)
      throws IOException {
    boolean asCopied = isAsCopied(here.noted(), entry);
    if (asCopied && here.isChangedByHost()) {
      return;
    }
    FileStatus now = here.now();
    if (now == null || !now.isFile()) {
      // A draft first: what is there goes only once the whole file has arrived.
      try (Draft draft = Draft.of(place.make(here.above()))) {
        Content.write(archive, draft.file(), 0);
        Change.ofNew(entry).apply(draft.file(), entry);
        try (TreePlace other = place.another()) {
          makeRoom(here, other);
        }
        draft.take(here.name());
        rewritten(here);
      }
      return;
    }
    OpenDirectory directory = place.make(here.above());
    Change change = Change.between(entry, here.noted(), now);
    if (rewrite(archive, entry, directory, here, change)) {
      rewritten(here);
    } else if (change.isAny()) {
      try (OpenFile file = directory.handle(here.name())) {
        requireSame(file, now);
        change.apply(file, entry);
      }
    }
  }

  private static void rewritten(Place here) {
    Noted noted = here.noted();
    if (noted != null) {
      noted.rewrite();
    }
  }

  private static void requireSame(OpenFile file, FileStatus now) throws IOException {
    FileStatus found = file.status();
    if (found.kind() != now.kind() || !found.identity().equals(now.identity())) {
      throw new IOException("the host has just put something else in its place");
    }
  }

  /** Writes a file anew if its content is another one; whether it is. */
  private static boolean rewrite(
      TarReader archive, TarEntry entry, OpenDirectory directory, Place here, Change change)
      throws IOException {
    FileStatus now = Objects.requireNonNull(here.now());
    try (LazyDraft draft = new LazyDraft(directory);
        OpenFile file = directory.file(here.name())) {
      requireSame(file, now);
      if (!Content.writeIfDifferent(archive, file, entry.size(), draft)) {
        return false;
      }
      Draft made = draft.made();
      if (!change.rewritten(now).apply(made.file(), entry) && !change.isOwner()) {
        // Its owner is somebody else, and only in place it stays theirs.
        try (OpenFile there = directory.fileToChange(here.name())) {
          requireSame(there, now);
          there.resize(0);
          Content.copyButZeros(made.file(), there, entry.size());
          there.resize(entry.size());
        }
        return true;
      }
      made.take(here.name());
      return true;
    }
  }

  private void takeLink(TarEntry entry, Place here, TreePlace place) throws IOException {
    if (here.kind() == FileStatus.Kind.LINK) {
      OpenDirectory directory = place.make(here.above());
      if (directory.readLink(here.name()).equals(entry.link())) {
        return;
      }
    }
    if (here.isChangedByHost() && isAsCopied(here.noted(), entry)) {
      return;
    }
    if (LinkTarget.leadsOut(here.parts().size() - 1, entry.link())) {
      log.warn(
          "the link {} of {} leads out of it, to {}, and stays in the guest",
          entry.name(),
          root,
          entry.link());
      return;
    }
    OpenDirectory directory = makeRoom(here, place);
    Draft.link(directory, here.name(), entry.link());
    rewritten(here);
    try (OpenFile link = directory.handle(here.name())) {
      if (link.status().kind() == FileStatus.Kind.LINK) {
        link.setOwner(entry.uid(), entry.gid());
      }
    }
  }

  private void takeHardLink(TarEntry entry, Place here, TreePlace place) throws IOException {
    List<BytePath> existing = EntryNames.of(entry.link());
    if (existing.isEmpty()) {
      throw new IOException("it is a hard link to something that is not a file");
    }
    Noted other = before.at(BytePath.of(existing));
    Noted noted = here.noted();
    if (noted != null
        && other != null
        && !other.isRewritten()
        && other.status().identity().equals(noted.status().identity())
        && here.isChangedByHost()) {
      return;
    }
    try (TreePlace another = place.another()) {
      OpenDirectory from = another.make(EntryNames.above(existing));
      FileStatus first = from.find(EntryNames.last(existing));
      FileStatus now = here.now();
      if (first != null && now != null && first.identity().equals(now.identity())) {
        return;
      }
      OpenDirectory directory = makeRoom(here, place);
      Draft.hardLink(directory, here.name(), from, EntryNames.last(existing));
      rewritten(here);
    }
  }

  /** Removes what the guest has no more and the host has not changed. */
  private void remove(Map<BytePath, Noted> gone, TreePlace place) {
    gone.forEach(
        (path, noted) -> {
          if (!noted.isSeen() && !path.equals(BytePath.HERE)) {
            try {
              remove(path.parts(), noted, place);
            } catch (IOException e) {
              failures.add(path, e);
            }
          }
        });
  }

  private static void remove(List<BytePath> parts, Noted noted, TreePlace place)
      throws IOException {
    OpenDirectory directory = place.find(EntryNames.above(parts));
    BytePath name = EntryNames.last(parts);
    FileStatus now = directory == null ? null : directory.find(name);
    if (directory == null || now == null || !now.isAsIn(noted.status())) {
      return;
    }
    try {
      if (now.isDirectory()) {
        directory.removeDirectory(name);
      } else {
        directory.remove(name);
      }
    } catch (FileCallException e) {
      // The host was at work there meanwhile.
      if (!e.isMissing() && !e.isNotEmpty()) {
        throw e;
      }
    }
  }

  private void change(TarEntry entry, TreePlace place) throws IOException {
    List<BytePath> parts = EntryNames.of(entry.name());
    OpenDirectory above = parts.isEmpty() ? root : place.find(EntryNames.above(parts));
    if (above == null) {
      return;
    }
    BytePath name = parts.isEmpty() ? BytePath.HERE : EntryNames.last(parts);
    try (OpenFile directory = above.handle(name)) {
      FileStatus now = directory.status();
      if (now.isDirectory()) {
        Change change = Change.between(entry, before.at(BytePath.of(parts)), now);
        if (change.isAny()) {
          change.apply(directory, entry);
        }
      }
    }
  }
}
