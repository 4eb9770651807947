package io.katajava.internal.detached;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.LimitAction;
import io.katajava.SandboxLife;
import io.katajava.SandboxSpec;
import io.katajava.internal.container.ContainerRecord;
import io.katajava.internal.ledger.Ledger;
import io.katajava.internal.ledger.LedgerEntry;
import io.katajava.internal.ledger.ProcessIdentity;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** This JVM's hold on a detached sandbox, and what is written down for the next JVM. */
public final class Detachment {
  private static final Logger log = LoggerFactory.getLogger(Detachment.class);
  private static final int IDENTITY_BYTES = 32;

  /** What nobody reads waits in the pipe: the largest one an unprivileged process may have. */
  private static final String PIPE = "agent.container_pipe_size=1048576";

  private final Ledger ledger;
  private final DetachedFiles files;
  private final DetachedFiles.Hold hold;
  private final boolean created;
  private final ReentrantLock writing = new ReentrantLock();
  private DetachedRecord record;
  private LedgerEntry entry;

  public Detachment(
      Ledger ledger,
      DetachedFiles.Hold hold,
      DetachedRecord record,
      LedgerEntry entry,
      boolean created) {
    this.ledger = ledger;
    this.files = DetachedFiles.of(ledger, entry.sandboxId());
    this.hold = hold;
    this.record = record;
    this.entry = entry;
    this.created = created;
  }

  /** Of a sandbox that is being started; nothing is written before {@link #commit}. */
  public static Detachment begin(
      Ledger ledger, SandboxSpec spec, VmSpec vmSpec, LedgerEntry entry) {
    byte[] identity = new byte[IDENTITY_BYTES];
    new SecureRandom().nextBytes(identity);
    return new Detachment(
        ledger,
        DetachedFiles.of(ledger, vmSpec.sandboxId()).hold("somebody else"),
        new DetachedRecord(
            DetachedRecord.VERSION,
            HexFormat.of().formatHex(identity),
            entry.processes().stream().findFirst().orElse(ProcessIdentity.NOBODY),
            Instant.now(),
            spec,
            vmSpec.sizes(),
            vmSpec.guest(),
            List.of()),
        entry,
        true);
  }

  /** The guest with the parameters that let it go on alone, for as long as it may. */
  public static GuestAssets guest(GuestAssets guest, SandboxLife life) {
    List<String> parameters = new ArrayList<>(guest.kernelParameters());
    parameters.add(PIPE);
    life.unattended().ifPresent(limit -> parameters.add("agent.host_grace=" + seconds(limit)));
    life.lifetime()
        .filter(limit -> limit.action() == LimitAction.STOP)
        .ifPresent(limit -> parameters.add("agent.lifetime=" + seconds(limit.after())));
    return guest.withKernelParameters(parameters);
  }

  private static long seconds(Duration limit) {
    return limit.plusMillis(999).toSeconds();
  }

  public String identity() {
    return record.identity();
  }

  public Instant started() {
    return record.started();
  }

  /** Whether this JVM started it; else it came to it later. */
  public boolean isOurs() {
    return created;
  }

  /** The start is done: from here on it goes on without this JVM. */
  public void commit() {
    long until =
        record
            .spec()
            .life()
            .lifetime()
            .filter(limit -> limit.action() == LimitAction.STOP)
            .map(limit -> record.started().plus(limit.after()).getEpochSecond() + 1)
            .orElse(0L);
    writing.lock();
    try {
      files.write(record);
      entry = entry.detachedUntil(until);
      ledger.write(entry);
    } catch (IOException e) {
      throw cannotWrite(e);
    } finally {
      writing.unlock();
    }
  }

  /** What is in the sandbox has changed, or is about to. */
  public void remember(List<ContainerRecord> containers) {
    writing.lock();
    try {
      record = record.with(containers);
      files.write(record);
    } catch (IOException e) {
      throw cannotWrite(e);
    } finally {
      writing.unlock();
    }
  }

  private KataException cannotWrite(IOException e) {
    return new KataException(
        ErrorCode.HOST_UNSUITABLE,
        "cannot write the record of detached sandbox " + entry.sandboxId() + ": " + e,
        Details.none()
            .withSandbox(entry.sandboxId())
            .withCause(e)
            .withRemedy("Check that " + ledger.state() + " is writable and has space"));
  }

  /** It is in nobody's hands now. */
  public void release() {
    writing.lock();
    try {
      entry = entry.ownedBy(ProcessIdentity.NOBODY);
      ledger.write(entry);
    } catch (IOException e) {
      // The entry names this JVM, which is as good as nobody once it has ended.
      log.warn("[{}] cannot write the ledger: {}", entry.sandboxId(), e.toString());
    } finally {
      writing.unlock();
      hold.close();
    }
  }

  /** The sandbox has ended; whoever ended it removes the files. */
  public void close() {
    hold.close();
  }
}
