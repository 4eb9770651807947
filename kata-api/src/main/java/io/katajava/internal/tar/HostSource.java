package io.katajava.internal.tar;

import io.katajava.ContainerFiles.Owner;
import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.FileCallException;
import io.katajava.internal.tree.FileStatus;
import io.katajava.internal.tree.OpenDirectory;
import io.katajava.internal.tree.OpenFile;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Packs a file or a tree of the host. Links are packed as links, also when one takes the place of a
 * directory meanwhile.
 */
public final class HostSource {
  /** Each takes a descriptor and some of the stack. */
  private static final int MOST_LEVELS = 1000;

  private static final int LINK = 0777;

  private final TarWriter archive;
  private final boolean holes;
  private final Map<FileStatus.Identity, BytePath> files = new HashMap<>();
  private Optional<Owner> owner = Optional.empty();
  private @Nullable HostSnapshot snapshot;

  /**
   * Packs into an archive. Owners are packed as they are.
   *
   * @param archive takes it
   * @param holes whether long runs of zeros are left out, which not every reader understands
   */
  public HostSource(TarWriter archive, boolean holes) {
    this.archive = archive;
    this.holes = holes;
  }

  /**
   * Everything is packed as one user's.
   *
   * @param whose it will be
   * @return this
   */
  public HostSource ownedBy(Owner whose) {
    this.owner = Optional.of(whose);
    return this;
  }

  /**
   * Takes down what is packed.
   *
   * @param notes takes it
   * @return this
   */
  public HostSource noting(HostSnapshot notes) {
    this.snapshot = notes;
    return this;
  }

  /**
   * Packs what is no directory and ends the archive.
   *
   * @param directory where it is
   * @param name its name there
   * @param as its name in the archive
   * @throws IOException if something cannot be read or written
   */
  void pack(OpenDirectory directory, BytePath name, BytePath as) throws IOException {
    FileStatus found = directory.find(name);
    if (found == null || found.isDirectory() || found.kind().isSpecial()) {
      throw new IOException(directory + "/" + name + " is not a file, directory or link");
    }
    add(directory, name, found, as, 0);
    archive.finish();
  }

  /**
   * Packs a directory and ends the archive.
   *
   * @param root the directory
   * @throws IOException if something cannot be read or written
   */
  public void pack(OpenDirectory root) throws IOException {
    addDirectory(root, root.status(), BytePath.HERE, 0);
    archive.finish();
  }

  private void addDirectory(OpenDirectory directory, FileStatus found, BytePath path, int level)
      throws IOException {
    if (level == MOST_LEVELS) {
      throw new IOException(path + " is nested deeper than " + MOST_LEVELS + " directories");
    }
    archive.entry(entry(path, TarEntry.Type.DIRECTORY, found));
    note(path, found, null);
    for (BytePath name : directory.names()) {
      FileStatus child = directory.find(name);
      // What went away since is not there.
      if (child != null) {
        add(directory, name, child, path.resolve(name), level + 1);
      }
    }
  }

  private void add(
      OpenDirectory directory, BytePath name, FileStatus found, BytePath path, int level)
      throws IOException {
    switch (found.kind()) {
      case DIRECTORY -> {
        try (OpenDirectory inner = directory.directory(name)) {
          addDirectory(inner, inner.status(), path, level);
        }
      }
      case FILE -> addFile(directory, name, path);
      case LINK -> {
        BytePath target = directory.readLink(name);
        archive.entry(entry(path, TarEntry.Type.LINK, found).linked(TarEntry.Type.LINK, target));
        note(path, found, target);
      }
      case PIPE -> {
        archive.entry(entry(path, TarEntry.Type.PIPE, found));
        note(path, found, null);
      }
      case CHARACTER_DEVICE, BLOCK_DEVICE, OTHER -> {
        // Sockets and device nodes mean nothing elsewhere.
      }
    }
  }

  private void addFile(OpenDirectory directory, BytePath name, BytePath path) throws IOException {
    try (OpenFile file = open(directory, name, path)) {
      FileStatus found = file.status();
      if (!found.isFile()) {
        throw new IOException(
            path + " was replaced by something else than a file before it was read");
      }
      BytePath first = found.links() > 1 ? files.putIfAbsent(found.identity(), path) : null;
      if (first != null) {
        TarEntry whole = entry(path, TarEntry.Type.FILE, found);
        archive.entry(whole.linked(TarEntry.Type.HARD_LINK, first));
      } else {
        content(entry(path, TarEntry.Type.FILE, found).sized(found.size()), file);
      }
      note(path, found, null);
    } catch (FileCallException e) {
      throw new IOException(path + ": " + e.getMessage(), e);
    }
  }

  private static OpenFile open(OpenDirectory directory, BytePath name, BytePath path)
      throws IOException {
    try {
      return directory.file(name);
    } catch (FileCallException e) {
      throw new IOException(path.equals(name) ? e.getMessage() : path + ": " + e.getMessage(), e);
    }
  }

  private void note(BytePath path, FileStatus found, @Nullable BytePath link) {
    HostSnapshot notes = snapshot;
    if (notes != null) {
      notes.note(path, found, link);
    }
  }

  private void content(TarEntry entry, OpenFile file) throws IOException {
    long size = entry.size();
    List<Segment> all = List.of(new Segment(0, size));
    List<Segment> segments = holes && size >= Zeros.RUN ? Zeros.segments(file, size) : all;
    if (segments.equals(all)) {
      archive.entry(entry);
    } else {
      archive.sparse(entry, segments);
    }
    archive.content(
        new SegmentStream(file, segments), segments.stream().mapToLong(Segment::length).sum());
  }

  private TarEntry entry(BytePath path, TarEntry.Type type, FileStatus found) {
    long uid = owner.map(Owner::uid).map(Integer::toUnsignedLong).orElse(found.uid());
    long gid = owner.map(Owner::gid).map(Integer::toUnsignedLong).orElse(found.gid());
    int mode = type == TarEntry.Type.LINK ? LINK : found.mode();
    return new TarEntry(path, type, mode, uid, gid, 0, found.modified(), BytePath.of(""));
  }
}
