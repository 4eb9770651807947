package io.katajava.internal.ledger;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.base.files.TreeRemoval;
import io.katajava.base.text.PrintableText;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The record on disk of what is running: one file per sandbox in {@code STATE/ledger}, written
 * before the sandbox's directory {@code STATE/ID} is made and removed after it is gone, so that a
 * killed JVM leaves nothing unknown. Files are replaced atomically. Both directories must be this
 * user's alone, as their content decides which processes are ended.
 */
public final class Ledger {
  /** How the names of files end that are still being written. */
  static final String DRAFT = ".new";

  private static final FileAttribute<?> OURS_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  /** More than any record has: a few lines, or the description of a detached sandbox. */
  private static final int LONGEST = 1 << 26;

  /** Where the virtiofsd in C notes its process id, in a file named after its socket. */
  private static final List<Path> DAEMON_NOTES =
      List.of(Path.of("/run/virtiofsd"), Path.of("/var/run/virtiofsd"));

  private static final AtomicInteger DRAFTS = new AtomicInteger();

  private final Path state;
  private final Path entries;

  private Ledger(Path state) {
    this.state = state;
    this.entries = state.resolve("ledger");
  }

  public static Ledger open(Path state) {
    try {
      // Others may pass through, as an unprivileged hypervisor must, but not look around.
      Ledger ledger = new Ledger(TrustedDirectory.own("state", state, "rwx--x--x"));
      TrustedDirectory.own("ledger's", ledger.entries, "rwx------");
      return ledger;
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "cannot make the state directory " + state + ": " + e,
          Details.none()
              .withCause(e)
              .withRemedy(
                  "Set XDG_RUNTIME_DIR, or Kata.builder().stateDirectory(...), to a directory you"
                      + " can write"));
    }
  }

  public Path state() {
    return state;
  }

  Path entries() {
    return entries;
  }

  public Path directoryOf(String sandboxId) {
    return state.resolve(sandboxId);
  }

  /** Where it is written what a detached sandbox is made of. */
  public Path recordOfDetached(String sandboxId) {
    return beside(sandboxId, "detached");
  }

  /** What the one JVM that is attached to a detached sandbox holds locked. */
  public Path lockOfAttached(String sandboxId) {
    return beside(sandboxId, "attached");
  }

  /** Whoever lists the ledger passes over names with a dot in front. */
  private Path beside(String sandboxId, String what) {
    return entries.toAbsolutePath().resolve("." + sandboxId + "." + what);
  }

  public void write(LedgerEntry entry) throws IOException {
    replace(entries.resolve(entry.sandboxId()), entry.in(state).toText());
  }

  /**
   * Replaces a file, or leaves it as it is and nothing beside it. Whoever finds the draft of a JVM
   * that was killed meanwhile reads from its name whose it was, as it may have no content yet.
   */
  public void replace(Path file, String content) throws IOException {
    Path draft =
        entries.resolve(
            file.getFileName()
                + "."
                + ProcessIdentity.self().toName()
                + "."
                + DRAFTS.incrementAndGet()
                + DRAFT);
    try {
      Files.createFile(draft, OURS_ALONE);
      Files.writeString(draft, content);
      Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      // The disk may be full.
      Files.deleteIfExists(draft);
    }
  }

  /** Whether this draft's writer lives, who will finish or remove it. */
  static boolean isBeingWritten(Path draft) {
    String[] parts = draft.getFileName().toString().split("\\.", -1);
    // NAME.WRITER.NUMBER.new
    return parts.length >= 4
        && ProcessIdentity.ofName(parts[parts.length - 3])
            .filter(ProcessIdentity::isAlive)
            .isPresent();
  }

  /** Empty when there is none, or it is damaged. */
  public Optional<LedgerEntry> read(String sandboxId) throws IOException {
    try {
      return LedgerEntry.parse(sandboxId, text(entries.resolve(sandboxId)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /**
   * Reads what is believed.
   *
   * @throws UntrustedRecordException if it is not this user's alone
   */
  public static String text(Path record) throws IOException {
    Optional<String> obstacle = TrustedDirectory.obstacleToReading(record);
    if (obstacle.isPresent()) {
      throw new UntrustedRecordException(obstacle.get());
    }
    try (InputStream in = Files.newInputStream(record, LinkOption.NOFOLLOW_LINKS)) {
      return new String(in.readNBytes(LONGEST), StandardCharsets.UTF_8);
    }
  }

  /** Makes the sandbox's own directory, for its owner alone. */
  public Path makeDirectory(String sandboxId) throws IOException {
    return Files.createDirectory(
        directoryOf(sandboxId),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /** Removes the sandbox's directory with all that is in it, then its entry. */
  public void remove(String sandboxId) throws IOException {
    TreeRemoval.of(directoryOf(sandboxId));
    removeDaemonNotes(sandboxId);
    Files.deleteIfExists(recordOfDetached(sandboxId));
    Files.deleteIfExists(lockOfAttached(sandboxId));
    Files.deleteIfExists(entries.resolve(sandboxId));
  }

  private void removeDaemonNotes(String sandboxId) throws IOException {
    String prefix = (directoryOf(sandboxId) + "/").replace('/', '.');
    for (Path place : DAEMON_NOTES) {
      if (!Files.isWritable(place)) {
        continue;
      }
      try (DirectoryStream<Path> notes =
          Files.newDirectoryStream(
              place,
              note -> {
                String name = note.getFileName().toString();
                return name.startsWith(prefix) && name.endsWith(".pid");
              })) {
        for (Path note : notes) {
          Files.deleteIfExists(note);
        }
      }
    }
  }

  /** A record that somebody else may have written. */
  static final class UntrustedRecordException extends IOException {
    private static final long serialVersionUID = 1;

    private UntrustedRecordException(String message) {
      super(PrintableText.lines(message));
    }
  }
}
