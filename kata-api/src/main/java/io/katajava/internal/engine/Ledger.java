package io.katajava.internal.engine;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.internal.template.TreeRemoval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * The record on disk of what is running: one file per sandbox in {@code STATE/ledger}, written
 * before the sandbox's directory {@code STATE/ID} is made and removed after it is gone, so that a
 * killed JVM leaves nothing unknown. Files are replaced atomically.
 */
final class Ledger {
  private final Path state;
  private final Path entries;

  private Ledger(Path state) {
    this.state = state;
    this.entries = state.resolve("ledger");
  }

  static Ledger open(Path state) {
    Ledger ledger = new Ledger(state);
    try {
      // Others may pass through, as an unprivileged hypervisor must, but not look around.
      makeDirectory(state, "rwx--x--x");
      makeDirectory(ledger.entries, "rwx------");
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
    return ledger;
  }

  Path state() {
    return state;
  }

  Path entries() {
    return entries;
  }

  Path directoryOf(String sandboxId) {
    return state.resolve(sandboxId);
  }

  void write(LedgerEntry entry) throws IOException {
    Path temporary = entries.resolve(entry.sandboxId() + ".new");
    Files.writeString(temporary, entry.toText());
    Files.move(
        temporary,
        entries.resolve(entry.sandboxId()),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /** Empty when there is none, or it is damaged. */
  Optional<LedgerEntry> read(String sandboxId) throws IOException {
    try {
      return LedgerEntry.parse(sandboxId, Files.readString(entries.resolve(sandboxId)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  /** Makes the sandbox's own directory, for its owner alone. */
  Path makeDirectory(String sandboxId) throws IOException {
    return Files.createDirectory(
        directoryOf(sandboxId),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  /** Removes the sandbox's directory with all that is in it, then its entry. */
  void remove(String sandboxId) throws IOException {
    TreeRemoval.of(directoryOf(sandboxId));
    DetachedFiles.of(this, sandboxId).delete();
    Files.deleteIfExists(entries.resolve(sandboxId));
  }

  private static void makeDirectory(Path directory, String mode) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString(mode));
    }
  }
}
