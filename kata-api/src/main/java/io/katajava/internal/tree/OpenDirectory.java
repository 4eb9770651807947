package io.katajava.internal.tree;

import static io.katajava.internal.tree.FileCalls.failure;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A directory that is held by its descriptor. Every name is one in this very directory, whatever
 * happens meanwhile to the path that led here; a name that is a link is the link.
 */
public final class OpenDirectory implements AutoCloseable {
  private static final int NAME_IN_ENTRY = 19;
  private static final int MOST_OF_LINK = 4096;

  private final int descriptor;
  private final Object label;

  private OpenDirectory(int descriptor, Object label) {
    this.descriptor = descriptor;
    this.label = label;
  }

  /**
   * Opens a directory that somebody named, through links if the name has some.
   *
   * @param directory its path
   * @return the directory
   * @throws IOException if it is none or may not be read
   */
  public static OpenDirectory of(Path directory) throws IOException {
    BytePath path = BytePath.of(directory);
    int flags = FileCalls.O_RDONLY | FileCalls.O_DIRECTORY | FileCalls.O_CLOEXEC;
    int descriptor = FileCalls.openat(FileCalls.AT_FDCWD, path.terminated(), flags, 0);
    if (descriptor < 0) {
      throw failure(path);
    }
    return new OpenDirectory(descriptor, path);
  }

  private static void check(long result, Object what) throws FileCallException {
    if (result < 0) {
      throw failure(what);
    }
  }

  private static byte[] single(BytePath name) {
    byte[] text = name.terminated();
    for (int i = 0; i < text.length - 1; i++) {
      if (text[i] == '/' || text[i] == 0) {
        throw new IllegalArgumentException("'" + name + "' is no name in a directory");
      }
    }
    if (name.isUp() || text.length == 1) {
      throw new IllegalArgumentException("'" + name + "' is no name in a directory");
    }
    return text;
  }

  /**
   * What it is called in messages.
   *
   * @return its path
   */
  @Override
  public String toString() {
    return label.toString();
  }

  /**
   * Its own status.
   *
   * @return the status
   * @throws IOException if it cannot be told
   */
  public FileStatus status() throws IOException {
    return status(descriptor, label);
  }

  static FileStatus status(int descriptor, Object label) throws IOException {
    byte[] found = new byte[FileCalls.STATX_SIZE];
    int mask = FileCalls.STATX_BASIC_STATS | FileCalls.STATX_BTIME;
    check(FileCalls.statx(descriptor, new byte[1], FileCalls.AT_EMPTY_PATH, mask, found), label);
    return FileStatus.of(found);
  }

  /**
   * The status of something in it.
   *
   * @param name its name
   * @return the status, or null if there is nothing of that name
   * @throws IOException if it cannot be told
   */
  public @Nullable FileStatus find(BytePath name) throws IOException {
    byte[] found = new byte[FileCalls.STATX_SIZE];
    int mask = FileCalls.STATX_BASIC_STATS | FileCalls.STATX_BTIME;
    int flags = FileCalls.AT_SYMLINK_NOFOLLOW;
    if (FileCalls.statx(descriptor, single(name), flags, mask, found) < 0) {
      FileCallException e = failure(name);
      if (e.isMissing()) {
        return null;
      }
      throw e;
    }
    return FileStatus.of(found);
  }

  /**
   * The names in it.
   *
   * @return all but itself and the one above, sorted
   * @throws IOException if it cannot be read
   */
  public List<BytePath> names() throws IOException {
    List<BytePath> names = new ArrayList<>();
    // Of its own, because reading moves it: a copy of the descriptor would move this one.
    int flags = FileCalls.O_RDONLY | FileCalls.O_DIRECTORY | FileCalls.O_CLOEXEC;
    int own = FileCalls.openat(descriptor, BytePath.HERE.terminated(), flags, 0);
    check(own, label);
    Pointer stream = FileCalls.fdopendir(own);
    if (stream == null) {
      FileCallException e = failure(label);
      FileCalls.close(own);
      throw e;
    }
    try {
      for (Pointer entry = read(stream); entry != null; entry = read(stream)) {
        long end = entry.indexOf(NAME_IN_ENTRY, (byte) 0);
        byte[] bytes = entry.getByteArray(NAME_IN_ENTRY, (int) end);
        BytePath name = BytePath.of(bytes);
        if (!name.equals(BytePath.HERE) && !name.isUp()) {
          names.add(name);
        }
      }
    } finally {
      FileCalls.closedir(stream);
    }
    Collections.sort(names);
    return names;
  }

  private @Nullable Pointer read(Pointer stream) throws IOException {
    Native.setLastError(0);
    Pointer entry = FileCalls.readdir(stream);
    if (entry == null && Native.getLastError() != 0) {
      throw failure(label);
    }
    return entry;
  }

  /**
   * A directory in it.
   *
   * @param name its name
   * @return the directory
   * @throws IOException if it is a link or no directory, or may not be read
   */
  public OpenDirectory directory(BytePath name) throws IOException {
    int flags = FileCalls.O_RDONLY | FileCalls.O_DIRECTORY;
    return new OpenDirectory(open(name, flags, 0), below(name));
  }

  private String below(BytePath name) {
    return label + "/" + name;
  }

  /**
   * A file in it.
   *
   * @param name its name
   * @return the file, to be read
   * @throws IOException if it is a link or may not be read
   */
  public OpenFile file(BytePath name) throws IOException {
    // Not waiting for anybody: what was a file a moment ago may be a pipe.
    return new OpenFile(open(name, FileCalls.O_RDONLY | FileCalls.O_NONBLOCK, 0), below(name));
  }

  /**
   * A file to be written in place; nothing is cut off.
   *
   * @param name its name
   * @return the file, to be written
   * @throws IOException if it is a link or may not be written
   */
  public OpenFile fileToChange(BytePath name) throws IOException {
    return new OpenFile(open(name, FileCalls.O_WRONLY | FileCalls.O_NONBLOCK, 0), below(name));
  }

  /** Makes a file, for its owner alone; nothing of that name may be there. */
  OpenFile makeFile(BytePath name) throws IOException {
    int flags = FileCalls.O_RDWR | FileCalls.O_CREAT | FileCalls.O_EXCL;
    return new OpenFile(open(name, flags, 0600), below(name));
  }

  /** Makes a file without a name, or null where the file system cannot. */
  @Nullable OpenFile makeNameless() {
    int flags = FileCalls.O_TMPFILE | FileCalls.O_RDWR | FileCalls.O_CLOEXEC;
    int made = FileCalls.openat(descriptor, BytePath.HERE.terminated(), flags, 0600);
    // Many errors mean that it cannot; with a name the real one is found out.
    return made < 0 ? null : new OpenFile(made, label);
  }

  /**
   * Something in it of whatever kind, to look at and to change what is known of it.
   *
   * @param name its name
   * @return what is there; a link is the link
   * @throws IOException if it cannot be opened
   */
  public OpenFile handle(BytePath name) throws IOException {
    return new OpenFile(open(name, FileCalls.O_PATH, 0), below(name));
  }

  /**
   * Itself, to change what is known of it.
   *
   * @return the same directory
   * @throws IOException if it cannot be opened
   */
  public OpenFile handle() throws IOException {
    return handle(BytePath.HERE);
  }

  private int open(BytePath name, int flags, int mode) throws IOException {
    int all = flags | FileCalls.O_NOFOLLOW | FileCalls.O_CLOEXEC;
    int opened = FileCalls.openat(descriptor, single(name), all, mode);
    if (opened < 0) {
      throw failure(name);
    }
    return opened;
  }

  /** Makes a directory. */
  void makeDirectory(BytePath name, int mode) throws IOException {
    check(FileCalls.mkdirat(descriptor, single(name), mode), name);
  }

  /**
   * Removes what is no directory.
   *
   * @param name its name
   * @throws IOException if it cannot be removed
   */
  public void remove(BytePath name) throws IOException {
    check(FileCalls.unlinkat(descriptor, single(name), 0), name);
  }

  /**
   * Removes an empty directory.
   *
   * @param name its name
   * @throws IOException if it has something in it or cannot be removed
   */
  public void removeDirectory(BytePath name) throws IOException {
    check(FileCalls.unlinkat(descriptor, single(name), FileCalls.AT_REMOVEDIR), name);
  }

  /** Gives something in it another name, in place of what has it. */
  void rename(BytePath from, BytePath to) throws IOException {
    check(FileCalls.renameat(descriptor, single(from), descriptor, single(to)), to);
  }

  /** Makes a symbolic link. */
  void makeLink(BytePath name, BytePath target) throws IOException {
    check(FileCalls.symlinkat(target.terminated(), descriptor, single(name)), name);
  }

  /** Makes another name of a file, or of a link itself. */
  void makeHardLink(BytePath name, OpenDirectory from, BytePath existing) throws IOException {
    check(FileCalls.linkat(from.descriptor, single(existing), descriptor, single(name), 0), name);
  }

  /** Gives a file without a name one. */
  void name(OpenFile nameless, BytePath name) throws IOException {
    int flags = FileCalls.AT_SYMLINK_FOLLOW;
    byte[] from = nameless.magicLink();
    check(FileCalls.linkat(FileCalls.AT_FDCWD, from, descriptor, single(name), flags), name);
  }

  /**
   * Where a link in it leads.
   *
   * @param name its name
   * @return what it says
   * @throws IOException if it is none
   */
  public BytePath readLink(BytePath name) throws IOException {
    byte[] target = new byte[MOST_OF_LINK];
    long length = FileCalls.readlinkat(descriptor, single(name), target, target.length);
    check(length, name);
    return BytePath.of(java.util.Arrays.copyOf(target, (int) length));
  }

  /** Sets when a link was changed; those of anything else by its handle. */
  void setLinkTime(BytePath name, Instant time) throws IOException {
    long[] times = OpenFile.times(time);
    int flags = FileCalls.AT_SYMLINK_NOFOLLOW;
    check(FileCalls.utimensat(descriptor, single(name), times, flags), name);
  }

  @Override
  public void close() {
    FileCalls.close(descriptor);
  }
}
