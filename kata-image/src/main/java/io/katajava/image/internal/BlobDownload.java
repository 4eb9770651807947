package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.ProgressEvent;
import io.katajava.ProgressListener;
import io.katajava.agent.threads.Timer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.ScheduledFuture;
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
  private static final int FRUITLESS_ATTEMPTS = 4;

  private static final Duration STALL_LIMIT = Duration.ofSeconds(30);
  private static final Duration PAUSE = Duration.ofMillis(200);
  private static final Timer GUARD =
      new Timer("kata-pull-guard", Duration.ofSeconds(10), problem -> {});

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
    try (StoreLock one = store.making(blob.digest().toString(), deadline)) {
      if (!store.has(blob)) {
        fetch();
      }
    } finally {
      tell(store.has(blob) ? blob.size() : 0, true);
    }
  }

  private void fetch() throws IOException, InterruptedException {
    Path part = store.part(blob.digest());
    int fruitless = 0;
    while (true) {
      long before = Files.exists(part) ? Files.size(part) : 0;
      try {
        attempt(part, before);
        return;
      } catch (InvalidLayerException e) {
        // What is wrong does not become right by more of it.
        Files.deleteIfExists(part);
        throw e;
      } catch (IOException e) {
        if (e instanceof RegistryException answer && !answer.mayPass()) {
          throw e;
        }
        long now = Files.exists(part) ? Files.size(part) : 0;
        fruitless = now > before ? 0 : fruitless + 1;
        if (fruitless == FRUITLESS_ATTEMPTS || deadline.isExpired() || Thread.interrupted()) {
          throw e;
        }
        log.debug("download of {} goes on at byte {} after: {}", blob.digest(), now, e.toString());
        Thread.sleep(deadline.remainingAtMost(PAUSE.multipliedBy(1L << fruitless)).toMillis());
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
      try (RegistryClient.Answer answer = client.blob(blob.digest().toString(), size)) {
        boolean goesOn = answer.status() == 206 && continues(answer, size);
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

  private static long hashed(Path part, MessageDigest hash) throws IOException {
    if (!Files.exists(part)) {
      return 0;
    }
    long size = 0;
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(part)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        hash.update(buffer, 0, n);
        size += n;
      }
    }
    return size;
  }

  private static boolean continues(RegistryClient.Answer answer, long from) {
    return answer
        .header("Content-Range")
        .filter(range -> range.startsWith("bytes " + from + "-"))
        .isPresent();
  }

  private long receive(
      RegistryClient.Answer answer, Path part, boolean append, MessageDigest hash, long have)
      throws IOException {
    long size = have;
    byte[] buffer = new byte[1 << 16];
    long[] lastAt = {System.nanoTime()};
    InputStream body = answer.body();
    // The client has no limit for the time between two bytes: this one closes what stands still.
    ScheduledFuture<?> watch =
        GUARD.every(
            Duration.ofSeconds(1),
            () -> {
              if (System.nanoTime() - lastAt[0] > STALL_LIMIT.toNanos() || deadline.isExpired()) {
                closeQuietly(body);
              }
            });
    long toldAt = 0;
    try (OutputStream out =
        Files.newOutputStream(
            part,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            append ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING)) {
      for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
        lastAt[0] = System.nanoTime();
        size += n;
        if (size > blob.size()) {
          throw new InvalidLayerException(
              "the registry sends more than the " + blob.size() + " bytes of " + blob.digest());
        }
        hash.update(buffer, 0, n);
        out.write(buffer, 0, n);
        if (lastAt[0] - toldAt > 100_000_000) {
          toldAt = lastAt[0];
          tell(size, false);
        }
      }
      return size;
    } finally {
      watch.cancel(false);
    }
  }

  private static void closeQuietly(InputStream body) {
    try {
      body.close();
    } catch (IOException e) {
      log.trace("closing a download that stands still", e);
    }
  }

  private void tell(long done, boolean ended) {
    progress.progress(
        new ProgressEvent(
            ProgressEvent.Activity.PULL, subject, done, OptionalLong.of(blob.size()), ended));
  }
}
