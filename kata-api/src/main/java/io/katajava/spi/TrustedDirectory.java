package io.katajava.spi;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A directory whose content is trusted: the ledger, which names processes to be ended; caches,
 * which hold kernels that are booted; templates, which hold the memory of guests. Whoever else can
 * write there can do what this JVM can.
 *
 * <p>It counts only if it is a directory, no link, of this process's own user, that nobody else can
 * write, and if nobody else can put another one in its place: every directory above it belongs to
 * this user or to root (or to whoever owns {@code /}, who could replace everything anyway), and
 * cannot be written by others unless it is sticky, as {@code /tmp} is. Links above it are followed
 * if they belong to this user or to root, and what they lead to is checked alike. A group that has
 * no other members than this user and root, as the private groups of Debian and Fedora, is nobody
 * else.
 *
 * <p>Directories that a group of users shares on purpose are named in the environment variable
 * {@value #VARIABLE}, with colons between them: there and below nothing is checked but that it is a
 * directory. The state directory cannot be shared so: who can write it can have processes killed.
 */
public final class TrustedDirectory {
  /** Names directories whose other writers are trusted. */
  public static final String VARIABLE = "KATA_TRUSTED_DIRECTORIES";

  /** The most links followed, as in Linux. */
  private static final int MOST_LINKS = 40;

  private static final int KIND = 0170000;
  private static final int LINK = 0120000;
  private static final int DIRECTORY = 0040000;
  private static final int FILE = 0100000;
  private static final int STICKY = 01000;
  private static final int GROUP_WRITES = 0020;
  private static final int OTHERS_WRITE = 0002;

  private static final Path ROOT = Path.of("/");

  /** What is wrong with which path, and what helps. */
  private record Fault(Path at, String what, String remedy) {
    @Override
    public String toString() {
      return at + " " + what;
    }
  }

  /** What the kernel says of a path, without following it. */
  private record Step(int uid, int gid, int mode) {
    static Step of(Path path) throws IOException {
      Map<String, Object> found =
          Files.readAttributes(path, "unix:uid,gid,mode", LinkOption.NOFOLLOW_LINKS);
      return new Step(number(found, "uid"), number(found, "gid"), number(found, "mode"));
    }

    private static int number(Map<String, Object> found, String name) throws IOException {
      if (found.get(name) instanceof Integer number) {
        return number;
      }
      throw new IOException("the file system tells no " + name);
    }

    boolean is(int kind) {
      return (mode & KIND) == kind;
    }
  }

  /** Whose the directory may be. */
  private enum Owner {
    /** This process's user, who writes there. */
    OURS,
    /** Root's, too: then it is read only. */
    OURS_OR_ROOTS
  }

  private TrustedDirectory() {}

  /**
   * A directory for what only this user writes, such as the ledger; made when missing.
   *
   * @param purpose of the directory, for messages: {@code state}
   * @param directory the directory
   * @param permissions of a new one, for example {@code rwx--x--x}
   * @return its absolute path
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} if it is not to be trusted; the
   *     message says what is wrong with which path
   * @throws IOException if it cannot be made
   */
  public static Path own(String purpose, Path directory, String permissions) throws IOException {
    return open(purpose, directory, permissions, Owner.OURS, List.of());
  }

  /**
   * A directory for what can be made again or is only read, such as a cache; made when missing. It
   * may belong to root: then it is as good to read.
   *
   * @param purpose of the directory, for messages: {@code cache}
   * @param directory the directory
   * @return its absolute path
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} if it is not to be trusted
   * @throws IOException if it cannot be made
   */
  public static Path shared(String purpose, Path directory) throws IOException {
    return open(purpose, directory, "rwxr-xr-x", Owner.OURS_OR_ROOTS, exempted());
  }

  /**
   * Looks at a directory that is there and is only read, such as a snapshot.
   *
   * @param purpose of the directory, for messages
   * @param directory the directory; one that is missing is no fault
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} if it is not to be trusted
   */
  public static void require(String purpose, Path directory) {
    Fault fault = fault(directory, Owner.OURS_OR_ROOTS, exempted());
    if (fault != null) {
      throw untrusted(purpose, directory, fault);
    }
  }

  /**
   * What is wrong with a directory for what only this user writes.
   *
   * @param directory the directory
   * @return a clause that names the path which is at fault; empty when it is missing or well
   */
  public static Optional<String> obstacleToOwn(Path directory) {
    return Optional.ofNullable(fault(directory, Owner.OURS, List.of())).map(Fault::toString);
  }

  /**
   * What is wrong with a directory that is read.
   *
   * @param directory the directory
   * @return a clause that names the path which is at fault; empty when it is missing or well
   */
  public static Optional<String> obstacle(Path directory) {
    return obstacle(directory, exempted());
  }

  static Optional<String> obstacle(Path directory, List<Path> exempted) {
    return Optional.ofNullable(fault(directory, Owner.OURS_OR_ROOTS, exempted))
        .map(Fault::toString);
  }

  /**
   * What is wrong with a file in a trusted directory whose content is believed.
   *
   * @param file the file, which is not followed if it is a link
   * @return a clause; empty when it is a file of this user that nobody else can write
   * @throws IOException if it is missing or cannot be looked at
   */
  public static Optional<String> obstacleToReading(Path file) throws IOException {
    Step step = Step.of(file);
    if (!step.is(FILE)) {
      return Optional.of(file + " is no regular file");
    }
    if (step.uid() != Self.UID) {
      return Optional.of(file + " belongs to user " + step.uid());
    }
    return othersWrite(step) ? Optional.of(file + " can be written by others") : Optional.empty();
  }

  /**
   * The user id of this process, which files of its own have.
   *
   * @return the effective one
   */
  public static int uid() {
    return Self.UID;
  }

  private static Path open(
      String purpose, Path directory, String permissions, Owner owner, List<Path> exempted)
      throws IOException {
    Path absolute = directory.toAbsolutePath().normalize();
    Fault above = fault(absolute, owner, exempted);
    if (above != null) {
      throw untrusted(purpose, absolute, above);
    }
    if (make(absolute, permissions)) {
      Fault made = fault(absolute, owner, exempted);
      if (made != null) {
        throw untrusted(purpose, absolute, made);
      }
    }
    return absolute;
  }

  /** Whether something was made; what others make meanwhile is looked at by the caller. */
  private static boolean make(Path directory, String permissions) throws IOException {
    if (Files.isDirectory(directory)) {
      return false;
    }
    Path above = directory.getParent();
    if (above != null) {
      make(above, "rwxr-xr-x");
    }
    Set<PosixFilePermission> mode = PosixFilePermissions.fromString(permissions);
    try {
      Files.createDirectory(directory, PosixFilePermissions.asFileAttribute(mode));
      if (!Files.getPosixFilePermissions(directory).equals(mode)) {
        // The umask took something that an unprivileged hypervisor needs to pass through.
        Files.setPosixFilePermissions(directory, mode);
      }
    } catch (FileAlreadyExistsException e) {
      if (!Files.isDirectory(directory)) {
        throw e;
      }
    }
    return true;
  }

  private static KataException untrusted(String purpose, Path directory, Fault fault) {
    return new KataException(
        ErrorCode.HOST_UNSUITABLE,
        "the " + purpose + " directory " + directory + " cannot be trusted: " + fault,
        Details.none().withRemedy(fault.remedy()));
  }

  private static @Nullable Fault fault(Path directory, Owner owner, List<Path> exempted) {
    Path absolute = directory.toAbsolutePath().normalize();
    if (exempted.stream().anyMatch(absolute::startsWith)) {
      return null;
    }
    try {
      return new Walk(absolute, owner).fault();
    } catch (NoSuchFileException e) {
      // What is missing is made by us, below directories that were found to be well.
      return null;
    } catch (IOException e) {
      return new Fault(
          absolute,
          "cannot be looked at (" + e + ")",
          "Choose a directory that this user can reach");
    }
  }

  /** From the root down, as the kernel walks: each step is safe because those before it are. */
  private static final class Walk {
    private final Path wanted;
    private final Owner owner;
    private final Deque<Path> left = new ArrayDeque<>();
    private Path at = ROOT;
    private int links;

    Walk(Path wanted, Owner owner) {
      this.wanted = wanted;
      this.owner = owner;
      wanted.forEach(left::add);
    }

    @Nullable Fault fault() throws IOException {
      Step root = Step.of(ROOT);
      Fault found = faultOf(root, root.uid(), left.isEmpty());
      while (found == null && !left.isEmpty()) {
        found = next(root.uid());
      }
      return found;
    }

    private @Nullable Fault next(int ownerOfRoot) throws IOException {
      String name = left.remove().toString();
      if (name.equals(".") || name.isEmpty()) {
        return null;
      }
      if (name.equals("..")) {
        Path above = at.getParent();
        at = above == null ? ROOT : above;
        return null;
      }
      Path above = at;
      at = at.resolve(name);
      Step step = Step.of(at);
      if (!step.is(LINK)) {
        return faultOf(step, ownerOfRoot, left.isEmpty());
      }
      return follow(step, above, ownerOfRoot);
    }

    private @Nullable Fault follow(Step link, Path above, int ownerOfRoot) throws IOException {
      Path target = Files.readSymbolicLink(at);
      if (at.equals(wanted)) {
        return new Fault(
            at, "is a link to " + target, "Give the directory itself, or remove the link");
      }
      if (!isTrusted(link.uid(), ownerOfRoot)) {
        return new Fault(
            at,
            "is a link that belongs to user " + link.uid(),
            "Remove it, or choose another directory");
      }
      links++;
      if (links > MOST_LINKS) {
        return new Fault(
            at, "is reached through too many links", "Choose a directory without links above");
      }
      List<Path> names = new ArrayList<>();
      target.forEach(names::add);
      for (int i = names.size() - 1; i >= 0; i--) {
        left.addFirst(names.get(i));
      }
      at = target.isAbsolute() ? ROOT : above;
      return null;
    }

    private static boolean isTrusted(int uid, int ownerOfRoot) {
      return uid == Self.UID || uid == 0 || uid == ownerOfRoot;
    }

    private @Nullable Fault faultOf(Step step, int ownerOfRoot, boolean last) {
      if (!step.is(DIRECTORY)) {
        return new Fault(at, "is no directory", "Remove it, or choose another directory");
      }
      boolean ours = step.uid() == Self.UID;
      if (last && owner == Owner.OURS && !ours) {
        return new Fault(
            at,
            "belongs to user " + step.uid() + ", not to " + Self.UID,
            "Remove it, or choose a directory of your own");
      }
      if (!isTrusted(step.uid(), ownerOfRoot)) {
        return new Fault(
            at,
            "belongs to user " + step.uid() + ", neither to " + Self.UID + " nor to root",
            "Choose a directory of your own, or name those whose owners you trust in " + VARIABLE);
      }
      boolean kept = !last && (step.mode() & STICKY) != 0;
      if (!kept && othersWrite(step)) {
        return new Fault(
            at,
            "can be written by others (mode "
                + Integer.toOctalString(step.mode() & 07777)
                + ", group "
                + step.gid()
                + ")",
            "Look at what is in it, then: chmod go-w "
                + at
                + "; or, if you trust all who write there, name it in "
                + VARIABLE);
      }
      return null;
    }
  }

  private static boolean othersWrite(Step step) {
    return (step.mode() & OTHERS_WRITE) != 0
        || ((step.mode() & GROUP_WRITES) != 0 && !Self.isOursAlone(step.gid()));
  }

  private static List<Path> exempted() {
    List<Path> all = new ArrayList<>();
    for (String one : System.getenv().getOrDefault(VARIABLE, "").split(":", -1)) {
      if (one.startsWith("/")) {
        all.add(Path.of(one).normalize());
      }
    }
    return all;
  }

  /** Who this process is. */
  private static final class Self {
    static final int UID = effectiveUid();

    /** Field 2 of {@code Uid:}; {@code /proc/self} itself may be root's. */
    private static int effectiveUid() {
      try {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
          if (line.startsWith("Uid:")) {
            return Integer.parseUnsignedInt(line.split("\\s+", -1)[2]);
          }
        }
      } catch (IOException e) {
        throw new java.io.UncheckedIOException("this process cannot tell who it is", e);
      }
      throw new IllegalStateException("/proc/self/status has no line Uid:");
    }

    /** As OpenSSH of Debian decides: nobody but this user and root is in the group. */
    static boolean isOursAlone(int gid) {
      try {
        String me = "";
        for (String line :
            Files.readAllLines(
                Path.of("/etc/passwd"), java.nio.charset.StandardCharsets.ISO_8859_1)) {
          String[] user = line.split(":", -1);
          if (user.length < 4 || !user[2].matches("\\d{1,10}")) {
            continue;
          }
          long uid = Long.parseLong(user[2]);
          if (uid == Integer.toUnsignedLong(UID)) {
            me = user[0];
          } else if (uid != 0 && user[3].equals(Integer.toUnsignedString(gid))) {
            return false;
          }
        }
        boolean known = false;
        for (String line :
            Files.readAllLines(
                Path.of("/etc/group"), java.nio.charset.StandardCharsets.ISO_8859_1)) {
          String[] group = line.split(":", -1);
          if (group.length >= 4 && group[2].equals(Integer.toUnsignedString(gid))) {
            known = true;
            for (String member : group[3].split(",", -1)) {
              if (!member.isEmpty() && !member.equals(me) && !member.equals("root")) {
                return false;
              }
            }
          }
        }
        // One that is kept elsewhere, as in a directory service, may have any members.
        return known;
      } catch (IOException e) {
        return false;
      }
    }
  }
}
