package io.katajava;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Copies files into and out of a container. Nothing in the container is executed for it when the
 * guest's agent is ours; with upstream's agent the container needs a {@code tar}.
 *
 * <p>Paths in the container are absolute, and what is mounted there is seen as its processes see
 * it. Below the place that is named, on either side, no symbolic link is followed and no name
 * climbs: a hostile archive, or a hostile container, cannot write elsewhere. Long runs of zeros
 * become holes. Sockets and device nodes are left out. The container must exist; it need not be
 * started.
 */
public interface ContainerFiles {

  /**
   * The same with a limit for each whole call. Without one, a call takes as long as there is
   * something to copy; only the guest's silence is limited, by {@link Kata.Builder#callTimeout}.
   * When the time is over the call fails with {@link ErrorCode#TIMEOUT}, by this machine's clock;
   * part may have been copied, and what worked on it in the guest is killed.
   *
   * @param timeout a positive duration, from each call on
   * @return a view with that limit
   */
  ContainerFiles withTimeout(Duration timeout);

  /**
   * What to keep.
   *
   * @param owner who gets what is copied in, {@code uid:gid}; root when absent. Files copied out
   *     belong to whoever runs this JVM
   * @param links what happens with symbolic links that lead out of a tree copied out
   */
  record CopyOptions(Optional<Owner> owner, Links links) {
    /** Root's inside; links that lead out are refused. */
    public static final CopyOptions DEFAULT = new CopyOptions(Optional.empty(), Links.REFUSE);
  }

  /**
   * Who owns a file.
   *
   * @param uid user id, not negative
   * @param gid group id, not negative
   */
  record Owner(int uid, int gid) {

    /**
     * Checks the numbers.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public Owner {
      if (uid < 0 || gid < 0) {
        throw new IllegalArgumentException(
            "an owner is the number of a user and that of a group, got " + uid + ":" + gid);
      }
    }
  }

  /** What happens with symbolic links that are absolute or climb out of the copied tree. */
  enum Links {
    /** The copy fails and names the link. */
    REFUSE,
    /** The link is left out. */
    SKIP,
    /** The link is made as it is. It is never followed while copying, but others may. */
    KEEP
  }

  /**
   * Copies a file, a link or a directory with all in it into the container. Permissions with
   * set-user-id, set-group-id and sticky bits, times in whole seconds, links, hard links, named
   * pipes and holes are kept; names are bytes in any encoding. What is at the target already is
   * replaced, directories are merged.
   *
   * @param source on the host; if it is a link, the link
   * @param target the copy's path in the container; directories above it are made
   * @param options owner
   * @throws KataException if one of them cannot be read or written; part may have been copied
   */
  void copyIn(Path source, String target, CopyOptions options);

  /**
   * As {@link #copyIn(Path, String, CopyOptions)} with the defaults.
   *
   * @param source on the host
   * @param target the copy's path in the container
   */
  default void copyIn(Path source, String target) {
    copyIn(source, target, CopyOptions.DEFAULT);
  }

  /**
   * Copies a file, a link or a directory with all in it out of the container. Set-user-id and
   * set-group-id bits are dropped. A link that is named itself leads out of what is copied,
   * wherever it leads; {@link #read(String, OutputStream)} reads what the container finds by it.
   *
   * @param source in the container
   * @param target the copy's path on the host; directories above it are made. Links above it are
   *     followed, it must not be one itself
   * @param options what happens with links
   * @throws KataException if one of them cannot be read or written; part may have been copied
   */
  void copyOut(String source, Path target, CopyOptions options);

  /**
   * As {@link #copyOut(String, Path, CopyOptions)} with the defaults.
   *
   * @param source in the container
   * @param target the copy's path on the host
   */
  default void copyOut(String source, Path target) {
    copyOut(source, target, CopyOptions.DEFAULT);
  }

  /**
   * Writes one file.
   *
   * @param target its path in the container
   * @param content what is in it
   * @param permissions such as 0644
   */
  void write(String target, byte[] content, int permissions);

  /**
   * Writes one file from a stream.
   *
   * @param target its path in the container
   * @param content what is in it, not closed
   * @param size how many bytes that are
   * @param permissions such as 0644
   * @throws IOException if the stream cannot be read or is not that long
   */
  void write(String target, InputStream content, long size, int permissions) throws IOException;

  /**
   * Reads one regular file. Where the path is a link, it is the container's file that the container
   * finds by it.
   *
   * @param source its path in the container
   * @param limit the most it may hold
   * @return what is in it
   * @throws KataException if it is no regular file or cannot be read, or {@link
   *     ErrorCode#OUTPUT_LIMIT} if it holds more
   */
  byte[] read(String source, MemorySize limit);

  /**
   * Reads one regular file into a stream. Where the path is a link, it is the container's file that
   * the container finds by it.
   *
   * @param source its path in the container
   * @param content takes what is in it, not closed
   * @throws KataException if it is no regular file, cannot be read, or the stream does not take it
   */
  void read(String source, OutputStream content);

  /**
   * Unpacks a tar archive (ustar, pax, GNU long names; not compressed) in the container, with the
   * owners it names.
   *
   * @param archive the archive, read to its end, not closed
   * @param directory where, made if absent
   * @throws IOException if the archive cannot be read
   */
  void extract(InputStream archive, String directory) throws IOException;

  /**
   * Packs a file or a directory of the container into a tar archive (pax). The guest is not trusted
   * and neither is the archive.
   *
   * @param source in the container; a directory's entries are named from it on
   * @param archive takes the archive, not closed
   * @throws IOException if the archive cannot be written
   */
  void archive(String source, OutputStream archive) throws IOException;
}
