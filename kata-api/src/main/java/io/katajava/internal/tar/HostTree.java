package io.katajava.internal.tar;

import io.katajava.ContainerFiles.Links;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Unpacks on the host what a guest sent. No name leads out of the target and no link is followed;
 * links are made after everything else, so that nothing can be written through one.
 */
public final class HostTree {
  private static final int BUFFER = 64 << 10;
  private static final int BLOCK = 4096;

  private final Path target;
  private final Links links;
  private final List<TarEntry> later = new ArrayList<>();
  private final List<TarEntry> directories = new ArrayList<>();

  /** Everything that was in the archive. */
  private final Set<Path> found = new HashSet<>();

  private @Nullable HostSnapshot before;

  /**
   * What is copied back to where it came from: a file that only the host has changed meanwhile
   * stays as it is.
   *
   * @param snapshot what was copied
   * @return this
   */
  public HostTree over(HostSnapshot snapshot) {
    this.before = snapshot;
    return this;
  }

  /**
   * Removes what was copied once and is in the archive no more. To be called once it is known that
   * the archive was whole.
   *
   * @throws IOException if something cannot be removed
   */
  public void removeMissing() throws IOException {
    if (before != null) {
      before.removeAllBut(found);
    }
  }

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
  public void extract(TarReader archive, String alone) throws IOException {
    boolean first = true;
    for (TarEntry entry = archive.next(); entry != null; entry = archive.next()) {
      boolean single =
          first && entry.type() != TarEntry.Type.DIRECTORY && entry.name().equals(alone);
      first = false;
      if (single) {
        entry = entry.named(".");
      }
      Path path = place(entry.name());
      found.add(path);
      if (before != null && entry.type() == TarEntry.Type.FILE && before.isNewerThan(path, entry)) {
        continue;
      }
      switch (entry.type()) {
        case DIRECTORY -> {
          makeDirectories(path);
          directories.add(entry);
        }
        case FILE -> {
          makeDirectories(above(path));
          remove(path);
          write(archive, path);
          attributes(path, entry);
        }
        case LINK -> {
          if (mayBeMade(entry)) {
            later.add(entry);
          }
        }
        case HARD_LINK -> {
          Path existing = place(entry.link());
          makeDirectories(above(path));
          requirePlain(above(existing));
          if (!Files.isRegularFile(existing, LinkOption.NOFOLLOW_LINKS)) {
            throw new IOException(entry.name() + " is another name of what is no file");
          }
          remove(path);
          Files.createLink(path, existing);
        }
        case PIPE, OTHER -> {
          // Not copied: on the host they would be something else, or nothing.
        }
      }
    }
    for (TarEntry entry : later) {
      Path path = place(entry.name());
      makeDirectories(above(path));
      remove(path);
      Files.createSymbolicLink(path, Path.of(entry.link()));
    }
    for (int i = directories.size() - 1; i >= 0; i--) {
      attributes(place(directories.get(i).name()), directories.get(i));
    }
  }

  private Path place(String name) throws IOException {
    Path path = target;
    if (name.startsWith("/")) {
      throw new IOException("'" + name + "' leads out of the target");
    }
    for (String part : name.split("/", -1)) {
      if (part.equals("..") || part.indexOf('\0') >= 0) {
        throw new IOException("'" + name + "' leads out of the target");
      }
      if (!part.isEmpty() && !part.equals(".")) {
        path = path.resolve(part);
      }
    }
    return path;
  }

  private static Path above(Path path) {
    return java.util.Objects.requireNonNullElse(path.getParent(), path);
  }

  private boolean mayBeMade(TarEntry entry) throws IOException {
    Path from = target.relativize(place(entry.name()));
    Path above = from.getParent() == null ? Path.of("") : from.getParent();
    boolean leadsOut =
        entry.link().startsWith("/") || above.resolve(entry.link()).normalize().startsWith("..");
    if (leadsOut && links == Links.REFUSE) {
      throw new IOException(
          "the link '" + entry.name() + "' leads out of the tree, to '" + entry.link() + "'");
    }
    return !leadsOut || links == Links.KEEP;
  }

  /** Makes directories below the target's parent, none of them through a link. */
  private void makeDirectories(Path directory) throws IOException {
    if (!directory.startsWith(target)) {
      Files.createDirectories(directory);
      return;
    }
    if (!Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      Files.createDirectories(target);
    }
    Path at = target;
    for (Path part : target.relativize(directory)) {
      if (part.toString().isEmpty()) {
        continue;
      }
      at = at.resolve(part);
      try {
        Files.createDirectory(at);
      } catch (FileAlreadyExistsException e) {
        requirePlain(at);
      }
    }
  }

  private void requirePlain(Path directory) throws IOException {
    Path at = target;
    if (!directory.startsWith(target)) {
      return;
    }
    for (Path part : target.relativize(directory)) {
      at = part.toString().isEmpty() ? at : at.resolve(part);
      if (!Files.isDirectory(at, LinkOption.NOFOLLOW_LINKS)) {
        throw new IOException(at + " is a link or no directory, and is not written through");
      }
    }
  }

  private static void remove(Path path) throws IOException {
    if (!Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.deleteIfExists(path);
    }
  }

  private static void write(TarReader archive, Path path) throws IOException {
    Set<StandardOpenOption> options =
        EnumSet.of(
            StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW, StandardOpenOption.SPARSE);
    try (FileChannel file = FileChannel.open(path, options)) {
      byte[] buffer = new byte[BUFFER];
      long at = archive.skipHole();
      for (int n = archive.read(buffer); n >= 0; n = archive.read(buffer)) {
        for (int from = 0; from < n; from += BLOCK) {
          int length = Math.min(BLOCK, n - from);
          if (!isZero(buffer, from, length)) {
            ByteBuffer part = ByteBuffer.wrap(buffer, from, length);
            long offset = at + from;
            while (part.hasRemaining()) {
              offset += file.write(part, offset);
            }
          }
        }
        at += n + archive.skipHole();
      }
      if (file.size() < at) {
        // The last byte alone, so that a hole at the end counts.
        file.write(ByteBuffer.wrap(new byte[1]), at - 1);
      }
    }
  }

  private static boolean isZero(byte[] buffer, int from, int length) {
    for (int i = from; i < from + length; i++) {
      if (buffer[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private static void attributes(Path path, TarEntry entry) throws IOException {
    Files.setPosixFilePermissions(path, permissions(entry.mode()));
    FileTime time = FileTime.from(entry.modified(), TimeUnit.SECONDS);
    Files.getFileAttributeView(path, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
        .setTimes(time, null, null);
  }

  /** The nine permission bits; the enum lists them from the highest on. */
  private static Set<PosixFilePermission> permissions(int mode) {
    Set<PosixFilePermission> permissions = EnumSet.noneOf(PosixFilePermission.class);
    PosixFilePermission[] all = PosixFilePermission.values();
    for (int i = 0; i < all.length; i++) {
      if ((mode & 0400 >> i) != 0) {
        permissions.add(all[i]);
      }
    }
    return permissions;
  }
}
