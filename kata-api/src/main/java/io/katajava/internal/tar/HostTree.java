package io.katajava.internal.tar;

import io.katajava.ContainerFiles.Links;
import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.Draft;
import io.katajava.internal.tree.FileStatus;
import io.katajava.internal.tree.OpenDirectory;
import io.katajava.internal.tree.OpenFile;
import io.katajava.internal.tree.TreePlace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Unpacks on the host what a guest sent. No name leads out of the target and no link is followed:
 * everything is reached from the target, which is opened once.
 */
public final class HostTree {
  private static final int FILE_MODE = 0777;
  private static final int DIRECTORY_MODE = 01777;

  private final Path target;
  private final Links links;
  private final PendingDirectories directories = new PendingDirectories();

  /**
   * Unpacks below a directory.
   *
   * @param target what the entry {@code .} becomes
   * @param links what happens with links that lead out
   */
  public HostTree(Path target, Links links) {
    this.target = target.toAbsolutePath().normalize();
    this.links = links;
  }

  /**
   * Unpacks the whole archive.
   *
   * @param archive the archive
   * @param alone the name of the entry that becomes the target itself, when it is no directory
   * @throws IOException if it is malformed, leads out, or something cannot be written
   */
  public void extract(TarReader archive, BytePath alone) throws IOException {
    TarEntry first = archive.next();
    if (first == null) {
      throw new IOException("it is not a file, directory or link, and is not copied");
    }
    Path above = target.getParent();
    if (above == null) {
      try (OpenDirectory root = OpenDirectory.of(target)) {
        extract(archive, first, root);
      }
      return;
    }
    // Of a path that ends in a link to a directory some JDKs say that it is there already.
    if (!Files.isDirectory(above)) {
      Files.createDirectories(above);
    }
    BytePath own = EntryNames.last(BytePath.of(target).parts());
    try (OpenDirectory parent = OpenDirectory.of(above);
        TreePlace place = new TreePlace(parent)) {
      if (first.type() != TarEntry.Type.DIRECTORY && first.name().equals(alone)) {
        single(archive, first.named(own), parent);
      } else {
        extract(archive, first, place.make(List.of(own)));
      }
    }
  }

  /** One thing that is no directory. The tree is this alone, and so every link leads out of it. */
  private void single(TarReader archive, TarEntry entry, OpenDirectory parent) throws IOException {
    BytePath own = entry.name();
    switch (entry.type()) {
      case FILE -> writeFile(archive, entry, parent, own);
      case LINK -> {
        if (mayBeMade(entry, true)) {
          link(entry, parent, own);
        }
      }
      case HARD_LINK ->
          throw new IOException("'" + own + "' is a hard link to something that is not copied");
      default -> throw new IOException("it is not a file, directory or link, and is not copied");
    }
    if (archive.next() != null) {
      throw new IOException("the archive has more entries than the one that was asked for");
    }
  }

  private void extract(TarReader archive, TarEntry first, OpenDirectory root) throws IOException {
    try (TreePlace place = new TreePlace(root)) {
      for (TarEntry entry = first; entry != null; entry = archive.next()) {
        add(archive, entry, place);
      }
      for (TarEntry entry : directories.lastFirst()) {
        finish(entry, root, place);
      }
    }
  }

  private void add(TarReader archive, TarEntry entry, TreePlace place) throws IOException {
    List<BytePath> parts = EntryNames.of(entry.name());
    if (entry.type() == TarEntry.Type.DIRECTORY) {
      place.make(parts);
      directories.add(entry);
      return;
    }
    if (parts.isEmpty()) {
      throw new IOException("the root of the tree is not a directory");
    }
    BytePath name = EntryNames.last(parts);
    switch (entry.type()) {
      case FILE -> writeFile(archive, entry, place.make(EntryNames.above(parts)), name);
      case LINK -> {
        if (mayBeMade(entry, LinkTarget.leadsOut(parts.size() - 1, entry.link()))) {
          link(entry, place.make(EntryNames.above(parts)), name);
        }
      }
      case HARD_LINK -> hardLink(entry, parts, place);
      default -> {
        // Pipes and the rest are not copied: on the host they would be something else.
      }
    }
  }

  private static void hardLink(TarEntry entry, List<BytePath> parts, TreePlace place)
      throws IOException {
    List<BytePath> existing = EntryNames.of(entry.link());
    if (existing.isEmpty()) {
      throw new IOException(entry.name() + " is a hard link to something that is not a file");
    }
    // A place has one directory open; here are two.
    try (TreePlace other = place.another()) {
      OpenDirectory from = other.make(EntryNames.above(existing));
      OpenDirectory to = place.make(EntryNames.above(parts));
      Draft.hardLink(to, EntryNames.last(parts), from, EntryNames.last(existing));
    }
  }

  private boolean mayBeMade(TarEntry entry, boolean leadsOut) throws IOException {
    if (leadsOut && links == Links.REFUSE) {
      throw new IOException(
          "the link '" + entry.name() + "' leads out of the tree, to '" + entry.link() + "'");
    }
    return !leadsOut || links == Links.KEEP;
  }

  private static void link(TarEntry entry, OpenDirectory directory, BytePath name)
      throws IOException {
    Draft.link(directory, name, entry.link());
  }

  private static void writeFile(
      TarReader archive, TarEntry entry, OpenDirectory directory, BytePath name)
      throws IOException {
    try (Draft draft = Draft.of(directory)) {
      Content.write(archive, draft.file(), 0);
      draft.file().setMode(entry.mode() & FILE_MODE);
      draft.file().setModified(entry.modified());
      draft.take(name);
    }
  }

  private static void finish(TarEntry entry, OpenDirectory root, TreePlace place)
      throws IOException {
    List<BytePath> parts = EntryNames.of(entry.name());
    try (OpenFile directory =
        parts.isEmpty()
            ? root.handle()
            : place.make(EntryNames.above(parts)).handle(EntryNames.last(parts))) {
      FileStatus found = directory.status();
      // Whoever is at work there may have put a link in its place.
      if (found.isDirectory()) {
        directory.setMode(entry.mode() & DIRECTORY_MODE);
        directory.setModified(entry.modified());
      }
    }
  }
}
