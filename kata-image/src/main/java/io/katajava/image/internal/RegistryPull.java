package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.ProgressListener;
import io.katajava.base.files.HeldFile;
import io.katajava.base.threads.OwnedThreads;
import io.katajava.image.Digest;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import io.katajava.image.Platform;
import io.katajava.image.RegistryOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One pull: mirrors first, documents, then all missing blobs, several at once. */
@SuppressWarnings("try") // Locks are held, not used.
final class RegistryPull implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryPull.class);

  /** Some ten seconds until it is given up, when the registry names no time. */
  private static final int ATTEMPTS = 6;

  /** Documents that are read twice are few and small; a registry may have many that are large. */
  private static final long MAXIMUM_KEPT = 16L << 20;

  /** There is somebody else to ask. */
  private static final int MIRROR_ATTEMPTS = 2;

  private final StoreDirectory store;
  private final RegistryOptions options;
  private final ImageLimits limits;
  private final StoreCleaner cleaner;
  private final ProgressListener progress;
  private final Deadline deadline;
  private final ExecutorService downloads;
  private @Nullable RegistryClient client;

  RegistryPull(
      StoreDirectory store,
      RegistryOptions options,
      ImageLimits limits,
      StoreCleaner cleaner,
      ProgressListener progress,
      Deadline deadline) {
    this.store = store;
    this.options = options;
    this.limits = limits;
    this.cleaner = cleaner;
    this.progress = progress;
    this.deadline = deadline;
    this.downloads =
        Executors.newFixedThreadPool(
            options.parallelDownloads(), OwnedThreads.factory("kata-pull-"));
  }

  ImageReader.Parts run(ImageReference reference, Platform platform)
      throws IOException, InterruptedException {
    List<String> hosts = RegistryClient.hosts(options, reference.registry());
    List<Exception> before = new ArrayList<>();
    for (String host : hosts) {
      boolean last = before.size() == hosts.size() - 1;
      RegistryClient asked =
          new RegistryClient(
              host,
              reference.repository(),
              options,
              System.getenv(),
              last ? ATTEMPTS : MIRROR_ATTEMPTS,
              deadline);
      client = asked;
      try {
        return from(asked, reference, platform);
      } catch (IOException | KataException e) {
        boolean ends =
            last
                || e instanceof LateException
                || (e instanceof KataException refused
                    && refused.code() == ErrorCode.IMAGE_STORE_FULL);
        if (!ends) {
          // A mirror that rots is as good as none.
          log.info("{} could not be pulled from {}: {}", reference, host, told(e));
          before.add(e);
          continue;
        }
        before.forEach(e::addSuppressed);
        if (e instanceof KataException failure) {
          throw failure;
        }
        if (e instanceof InvalidLayerException invalid) {
          throw invalid;
        }
        throw failed(reference, (IOException) e, before);
      } finally {
        asked.close();
      }
    }
    throw new IllegalStateException("a registry has a host");
  }

  private static String told(Exception e) {
    return e instanceof RegistryException
            || e instanceof LateException
            || e instanceof ConnectException
            || e instanceof KataException
            || e instanceof InvalidLayerException
        ? String.valueOf(e.getMessage())
        : e.toString();
  }

  private static KataException failed(
      ImageReference reference, IOException cause, List<Exception> mirrors) {
    int status = cause instanceof RegistryException answer ? answer.status() : 0;
    String remedy =
        switch (status) {
          case 401, 403 -> "Log in with 'docker login', or set RegistryOptions.credentials(...)";
          case 404 -> "Check the image's name and tag";
          case 429 -> "Wait before the next pull, log in with 'docker login', or use a mirror";
          default ->
              cause instanceof SSLException
                  ? "Trust the registry's authority with RegistryOptions.certificates(...)"
                  : "Check the registry's name and the network; the next pull resumes downloads";
        };
    StringBuilder message = new StringBuilder("cannot pull " + reference + ": " + told(cause));
    mirrors.forEach(
        each -> message.append("; the mirror asked before failed, too: ").append(told(each)));
    return new KataException(
        cause instanceof LateException
            ? ErrorCode.TIMEOUT
            : status == 404 ? ErrorCode.IMAGE_NOT_FOUND : ErrorCode.IMAGE_PULL_FAILED,
        message.toString(),
        Details.none().withRemedy(remedy).withCause(cause));
  }

  private ImageReader.Parts from(RegistryClient client, ImageReference reference, Platform platform)
      throws IOException, InterruptedException {
    Map<Digest, byte[]> documents = new LinkedHashMap<>();
    Descriptor top = top(client, reference, documents);
    ImageReader.Documents reader = descriptor -> document(client, descriptor, documents);
    ImageReader.Search search = new ImageReader.Search(reader, platform, deadline);
    Descriptor manifest =
        search
            .choose(List.of(top))
            .orElseThrow(
                () ->
                    new KataException(
                        ErrorCode.IMAGE_NOT_FOUND,
                        reference + " does not exist for the platform " + platform,
                        Details.none()
                            .withRemedy("Choose a platform for which the registry has the image")));
    if (!manifest.digest().equals(top.digest())) {
      manifest = manifest.annotated(ImageReader.CHOSEN_FROM, top.digest().toString());
    }
    ImageReader.Parts parts = ImageReader.read(reader, manifest, reference, limits);
    List<Descriptor> missing = new ArrayList<>();
    for (Descriptor layer : parts.layers()) {
      if (!store.has(layer) && !missing.contains(layer)) {
        missing.add(layer);
      }
    }
    long size = missing.stream().mapToLong(Descriptor::size).sum();
    cleaner.makeRoom(size, deadline);
    for (Descriptor each : missing) {
      size -= store.partSize(each.digest());
    }
    store.requireRoom(size);
    try (HeldFile adding = store.adding(deadline)) {
      download(client, parts.layers(), reference.familiar());
      for (Descriptor each : List.of(parts.config(), manifest)) {
        store.add(each, new ByteArrayInputStream(reader.read(each)));
      }
    }
    return parts;
  }

  /** What the reference itself names: a manifest or an index. */
  private Descriptor top(
      RegistryClient client, ImageReference reference, Map<Digest, byte[]> documents)
      throws IOException, InterruptedException {
    String wanted =
        reference
            .digest()
            .map(Digest::toString)
            .orElseGet(() -> reference.tag().orElse(ImageReference.DEFAULT_TAG));
    return client.manifest(
        wanted,
        answer -> {
          byte[] content = limited(answer);
          Digest digest = reference.digest().orElseGet(() -> Digest.sha256(content));
          var hash = digest.newHash();
          hash.update(content);
          String type =
              OciDocuments.mediaType(OciDocuments.parse(content, "the manifest of " + reference));
          Descriptor top = new Descriptor(type, digest, content.length);
          StoreDirectory.check(top, content.length, hash);
          documents.put(digest, content);
          return top;
        });
  }

  private static byte[] limited(RegistryAnswer answer) throws IOException {
    byte[] content = answer.body().readNBytes(OciDocuments.MAXIMUM_DOCUMENT + 1);
    if (content.length > OciDocuments.MAXIMUM_DOCUMENT) {
      throw new InvalidLayerException("the registry sent a document of more than 4 MiB");
    }
    return content;
  }

  private byte[] document(
      RegistryClient client, Descriptor descriptor, Map<Digest, byte[]> documents)
      throws IOException {
    byte[] known = documents.get(descriptor.digest());
    if (known != null) {
      return known;
    }
    if (store.has(descriptor)) {
      try {
        return store.read(descriptor);
      } catch (InvalidLayerException e) {
        log.warn("{} in {} is damaged and is pulled again", descriptor.digest(), store.root(), e);
      }
    }
    if (descriptor.size() > OciDocuments.MAXIMUM_DOCUMENT) {
      throw new InvalidLayerException(
          "document " + descriptor.digest() + " is said to have more than 4 MiB");
    }
    boolean manifest = OciDocuments.MANIFEST_TYPES.contains(descriptor.mediaType());
    RegistryClient.Reader<byte[]> whole =
        answer -> {
          byte[] content = limited(answer);
          var hash = descriptor.digest().newHash();
          hash.update(content);
          StoreDirectory.check(descriptor, content.length, hash);
          return content;
        };
    try {
      byte[] content =
          manifest
              ? client.manifest(descriptor.digest().toString(), whole)
              : client.document(descriptor.digest().toString(), whole);
      long kept = documents.values().stream().mapToLong(each -> each.length).sum();
      if (kept + content.length <= MAXIMUM_KEPT) {
        documents.put(descriptor.digest(), content);
      }
      return content;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while reading " + descriptor.digest(), e);
    }
  }

  private void download(RegistryClient client, List<Descriptor> layers, String name)
      throws IOException, InterruptedException {
    Map<Digest, Descriptor> once = new LinkedHashMap<>();
    layers.forEach(layer -> once.put(layer.digest(), layer));
    List<Future<Void>> running = new ArrayList<>();
    for (Descriptor layer : once.values()) {
      running.add(
          downloads.submit(
              () -> {
                new BlobDownload(store, client, layer, name, progress, deadline).run();
                return null;
              }));
    }
    try {
      for (Future<Void> each : running) {
        each.get(deadline.remaining().toMillis() + 1, TimeUnit.MILLISECONDS);
      }
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      if (e.getCause() instanceof KataException failure) {
        throw failure;
      }
      throw new IOException("a download failed: " + e.getCause(), e.getCause());
    } catch (TimeoutException e) {
      throw new LateException(deadline, "downloading layers");
    } finally {
      running.forEach(each -> each.cancel(true));
    }
  }

  @Override
  public void close() {
    RegistryClient asked = client;
    if (asked != null) {
      asked.close();
    }
    downloads.shutdownNow();
    try {
      // Threads that hold locks of the store must be gone before the next pull begins.
      if (!downloads.awaitTermination(10, TimeUnit.SECONDS)) {
        log.warn("a download did not end in time after the pull had ended");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
