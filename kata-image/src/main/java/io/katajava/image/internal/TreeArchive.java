package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.image.internal.LayerEntry.Kind;
import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.FileStatus;
import io.katajava.internal.tree.OpenDirectory;
import io.katajava.internal.tree.OpenFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * A directory of the host as an archive: owners, modes, hard links and devices as they are, names
 * as bytes, whatever the locale. It is walked by descriptor, so that what is moved meanwhile leads
 * nowhere else.
 */
final class TreeArchive {
  private static final int MOST_LEVELS = 1000;
  private static final int BUFFER = 1 << 16;

  private final Path root;
  private final LayerWriter writer;
  private final Deadline deadline;
  private final Map<FileStatus.Identity, String> seen = new HashMap<>();
  private final byte[] buffer = new byte[BUFFER];

  private TreeArchive(Path root, OutputStream out, Deadline deadline) {
    this.root = root;
    this.writer = new LayerWriter(out);
    this.deadline = deadline;
  }

  static void write(Path root, OutputStream out, Deadline deadline) throws IOException {
    TreeArchive archive = new TreeArchive(root, out, deadline);
    try (OpenDirectory directory = OpenDirectory.of(root)) {
      archive.below(directory, "", 0);
    }
    archive.writer.finish();
  }

  private void below(OpenDirectory directory, String prefix, int level) throws IOException {
    if (level == MOST_LEVELS) {
      throw new IOException(directory + " is nested deeper than " + MOST_LEVELS + " directories");
    }
    for (BytePath name : directory.names()) {
      LateException.check(deadline, "reading " + root);
      FileStatus found = directory.find(name);
      // What went away since is not there.
      if (found != null) {
        add(directory, name, found, prefix + text(name), level);
      }
    }
  }

  private void add(OpenDirectory directory, BytePath name, FileStatus found, String path, int level)
      throws IOException {
    if (found.isDirectory()) {
      try (OpenDirectory inner = directory.directory(name)) {
        writer.entry(entry(path, Kind.DIRECTORY, inner.status(), 0, ""));
        below(inner, path + "/", level + 1);
      }
      return;
    }
    if (found.links() > 1) {
      String first = seen.putIfAbsent(found.identity(), path);
      if (first != null) {
        writer.entry(LayerEntry.hardLink(path, first));
        return;
      }
    }
    switch (found.kind()) {
      case FILE -> file(directory, name, path);
      case LINK ->
          writer.entry(entry(path, Kind.SYMLINK, found, 0, text(directory.readLink(name))));
      case PIPE -> writer.entry(entry(path, Kind.FIFO, found, 0, ""));
      case CHARACTER_DEVICE -> writer.entry(entry(path, Kind.CHARACTER, found, 0, ""));
      case BLOCK_DEVICE -> writer.entry(entry(path, Kind.BLOCK, found, 0, ""));
      default -> {
        // A socket means nothing in another place.
      }
    }
  }

  private void file(OpenDirectory directory, BytePath name, String path) throws IOException {
    try (OpenFile file = directory.file(name)) {
      FileStatus found = file.status();
      if (!found.isFile()) {
        throw new IOException(
            directory
                + "/"
                + name
                + " was replaced by something else than a file before it was read");
      }
      writer.entry(entry(path, Kind.FILE, found, found.size(), ""));
      for (long at = 0; at < found.size(); ) {
        LateException.check(deadline, "reading " + root);
        int n = file.read(buffer, (int) Math.min(buffer.length, found.size() - at), at);
        if (n <= 0) {
          throw new IOException(directory + "/" + name + " became shorter while it was read");
        }
        writer.content(buffer, n);
        at += n;
      }
    }
  }

  private static LayerEntry entry(
      String path, Kind kind, FileStatus found, long size, String link) {
    boolean node = kind == Kind.CHARACTER || kind == Kind.BLOCK;
    return new LayerEntry(
        path,
        kind,
        found.mode(),
        found.uid(),
        found.gid(),
        size,
        Math.max(0, found.modified().getEpochSecond()),
        link,
        node ? found.major() : 0,
        node ? found.minor() : 0,
        Map.of());
  }

  /** One byte a character, as all texts of an entry. */
  private static String text(BytePath path) {
    return new String(path.bytes(), StandardCharsets.ISO_8859_1);
  }
}
