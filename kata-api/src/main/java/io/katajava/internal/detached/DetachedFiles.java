package io.katajava.internal.detached;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.base.files.HeldFile;
import io.katajava.internal.ledger.Ledger;
import io.katajava.internal.records.RecordJson;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;

/**
 * What is kept on disk of a detached sandbox besides its ledger entry: what it is made of, and a
 * lock held by the one JVM that is attached. Both lie in the ledger's directory, which is the
 * user's alone; the sandbox's own belongs to the hypervisor, who is not to be trusted with them.
 */
public final class DetachedFiles {
  private static final FileAttribute<?> OURS_ALONE =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

  private final Ledger ledger;
  private final String sandboxId;
  private final Path record;
  private final Path lock;

  private DetachedFiles(Ledger ledger, String sandboxId) {
    this.ledger = ledger;
    this.sandboxId = sandboxId;
    this.record = ledger.recordOfDetached(sandboxId);
    this.lock = ledger.lockOfAttached(sandboxId);
  }

  public static DetachedFiles of(Ledger ledger, String sandboxId) {
    return new DetachedFiles(ledger, sandboxId);
  }

  void write(DetachedRecord content) throws IOException {
    ledger.replace(record, RecordJson.write(content));
  }

  public Optional<DetachedRecord> read() throws IOException {
    try {
      return Optional.of(RecordJson.read(DetachedRecord.class, Ledger.text(record)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IllegalArgumentException e) {
      throw new IOException(record + " is damaged, or of another version: " + e.getMessage(), e);
    }
  }

  /**
   * Takes the lock, which the kernel gives back when this JVM ends, however it ends.
   *
   * @throws KataException with {@link ErrorCode#ALREADY_ATTACHED}
   */
  public Hold hold(String holder) {
    boolean here = HeldFile.isHeldHere(lock);
    try {
      return new Hold(
          HeldFile.tryAlone(lock, OURS_ALONE).orElseThrow(() -> taken(here ? "this JVM" : holder)),
          lock);
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "cannot lock sandbox " + sandboxId + ": " + e,
          Details.none().withSandbox(sandboxId).withCause(e));
    }
  }

  private KataException taken(String holder) {
    return new KataException(
        ErrorCode.ALREADY_ATTACHED,
        "sandbox "
            + sandboxId
            + " is attached to by "
            + holder
            + "; only one JVM at a time can attach to it",
        Details.none().withSandbox(sandboxId).withRemedy("Close it there first"));
  }

  /** The lock. */
  public static final class Hold implements AutoCloseable {
    private final HeldFile held;
    private final Path lock;

    private Hold(HeldFile held, Path lock) {
      this.held = held;
      this.lock = lock;
    }

    @Override
    public void close() {
      try {
        held.close();
      } catch (IOException e) {
        org.slf4j.LoggerFactory.getLogger(DetachedFiles.class).debug("cannot unlock {}", lock, e);
      }
    }
  }
}
