package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.KataException;
import io.katajava.ProgressEvent;
import io.katajava.ProgressListener;
import io.katajava.base.files.HeldFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One blob into the store. What has arrived is kept, so that this download, or a later one, goes on
 * where it stopped; the digest is that of the whole.
 */
@SuppressWarnings("try") // Locks are held, not used.
final class BlobDownload {
  private static final Logger log = LoggerFactory.getLogger(BlobDownload.class);

  /** Attempts without a single new byte, before it is given up. */
  private static final int FRUITLESS_ATTEMPTS = 5;

  private final StoreDirectory store;
  private final RegistryClient client;
  private final Descriptor blob;
  private final String subject;
  private final ProgressListener progress;
  private final Deadline deadline;

  BlobDownload(
      StoreDirectory store,
      RegistryClient client,
      Descriptor blob,
      String name,
      ProgressListener progress,
      Deadline deadline) {
    this.store = store;
    this.client = client;
    this.blob = blob;
    this.subject = name + " " + blob.digest().shortHex();
    this.progress = progress;
    this.deadline = deadline;
  }

  void run() throws IOException, InterruptedException {
    try (HeldFile one = store.making(blob.digest().toString(), deadline)) {
      if (!store.has(blob)) {
        fetch();
      }
    } finally {
      tell(store.has(blob) ? blob.size() : 0, true);
    }
  }

  private void fetch() throws IOException, InterruptedException {
    Path part = store.part(blob.digest());
    RegistryRetry retry = new RegistryRetry(FRUITLESS_ATTEMPTS, deadline);
    int begunAgain = 0;
    while (true) {
      long before = Files.exists(part) ? Files.size(part) : 0;
      try {
        attempt(part, before);
        return;
      } catch (InvalidLayerException | KataException e) {
        // What is wrong does not become right by more of it, and a full disk is to be freed.
        Files.deleteIfExists(part);
        throw e;
      } catch (IOException e) {
        if (store.isFull()) {
          Files.deleteIfExists(part);
          throw store.full(blob.size() - before, e);
        }
        if (before > 0
            && e instanceof RegistryException answer
            && answer.status() == 416
            && ++begunAgain < FRUITLESS_ATTEMPTS) {
          // It does not go on from there: from the beginning, then.
          log.debug("{} is begun again: {}", blob.digest(), e.toString());
          Files.deleteIfExists(part);
          continue;
        }
        if ((Files.exists(part) ? Files.size(part) : 0) > before) {
          retry.progressed();
        }
        retry.after(e, blob.digest().toString());
      }
    }
  }

  private void attempt(Path part, long have) throws IOException, InterruptedException {
    MessageDigest hash = blob.digest().newHash();
    long size = 0;
    if (have <= blob.size()) {
      size = hashed(part, hash);
    }
    if (size < blob.size() || blob.size() == 0) {
      try (RegistryAnswer answer = client.blob(blob.digest().toString(), size)) {
        boolean goesOn = answer.status() == 206 && continues(answer, size);
        if (answer.status() == 206 && !goesOn && size > 0) {
          Files.deleteIfExists(part);
          throw new IOException(
              "the registry sent another part of " + blob.digest() + " than was requested");
        }
        if (!goesOn && size > 0) {
          hash = blob.digest().newHash();
          size = 0;
        }
        size = receive(answer, part, goesOn, hash, size);
      }
    }
    if (size < blob.size()) {
      throw new IOException(
          "the download of "
              + blob.digest()
              + " ended after "
              + size
              + " of "
              + blob.size()
              + " bytes");
    }
    StoreDirectory.check(blob, size, hash);
    store.publish(part, store.blob(blob.digest()));
  }

  private long hashed(Path part, MessageDigest hash) throws IOException {
    if (!Files.exists(part)) {
      return 0;
    }
    long size = 0;
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(part)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        LateException.check(deadline, "reading what was there of " + blob.digest());
        hash.update(buffer, 0, n);
        size += n;
      }
    }
    return size;
  }

  private static boolean continues(RegistryAnswer answer, long from) {
    return answer
        .header("Content-Range")
        .filter(range -> range.startsWith("bytes " + from + "-"))
        .isPresent();
  }

  private long receive(
      RegistryAnswer answer, Path part, boolean append, MessageDigest hash, long have)
      throws IOException {
    long size = have;
    byte[] buffer = new byte[1 << 16];
    InputStream body = answer.body();
    long toldAt = 0;
    try (OutputStream out = store.output(part, append)) {
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        LateException.check(deadline, "downloading " + blob.digest());
        size += n;
        if (size > blob.size()) {
          throw new InvalidLayerException(
              "the registry sends more than the " + blob.size() + " bytes of " + blob.digest());
        }
        hash.update(buffer, 0, n);
        out.write(buffer, 0, n);
        long now = System.nanoTime();
        if (now - toldAt > 100_000_000) {
          toldAt = now;
          tell(size, false);
        }
      }
      return size;
    }
  }

  private void tell(long done, boolean ended) {
    progress.progress(
        new ProgressEvent(
            ProgressEvent.Activity.PULL, subject, done, OptionalLong.of(blob.size()), ended));
  }
}
