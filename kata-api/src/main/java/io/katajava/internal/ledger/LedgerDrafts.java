package io.katajava.internal.ledger;

import io.katajava.base.files.TreeRemoval;
import io.katajava.internal.disk.DraftNotes;
import java.io.IOException;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Notes in the ledger of unfinished files and directories that lie elsewhere: of snapshots, named
 * disks and scratch disks. The sweep removes those whose JVM is gone.
 */
public final class LedgerDrafts implements DraftNotes {
  private static final Logger log = LoggerFactory.getLogger(LedgerDrafts.class);
  private static final String PREFIX = ".draft-";
  private static final String VERSION = "kata-java-draft 1";

  private final Ledger ledger;

  public LedgerDrafts(Ledger ledger) {
    this.ledger = ledger;
  }

  /** Names with a dot in front are passed over by whoever lists sandboxes. */
  static boolean isNote(String name) {
    return name.startsWith(PREFIX);
  }

  @Override
  public Note note(Path draft) throws IOException {
    Path note =
        ledger
            .entries()
            .resolve(PREFIX + SandboxIds.next() + "." + ProcessIdentity.self().toName());
    ledger.replace(
        note, VERSION + "\n" + URLEncoder.encode(draft.toString(), StandardCharsets.UTF_8) + "\n");
    return () -> {
      try {
        Files.deleteIfExists(note);
      } catch (IOException e) {
        log.warn("{} stays behind: {}", note, e.toString());
      }
    };
  }

  /** Removes what a note tells of, and the note, unless its JVM lives. */
  static void sweep(Path note) throws IOException {
    String[] parts = note.getFileName().toString().split("\\.", -1);
    boolean lives =
        ProcessIdentity.ofName(parts[parts.length - 1])
            .filter(ProcessIdentity::isAlive)
            .isPresent();
    if (lives) {
      return;
    }
    try {
      Optional<Path> draft = draft(Ledger.text(note));
      if (draft.isPresent()) {
        TreeRemoval.of(draft.get());
        log.info("removed {}, which a killed runtime left unfinished", draft.get());
      }
      Files.deleteIfExists(note);
    } catch (NoSuchFileException e) {
      log.trace("{} has just gone", note, e);
    }
  }

  private static Optional<Path> draft(String text) {
    String[] lines = text.split("\n", -1);
    if (lines.length != 3 || !lines[0].equals(VERSION)) {
      return Optional.empty();
    }
    try {
      Path path = Path.of(URLDecoder.decode(lines[1], StandardCharsets.UTF_8));
      return Optional.of(path).filter(Path::isAbsolute);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
