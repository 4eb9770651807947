package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.MemorySize;
import io.katajava.base.files.HeldFile;
import io.katajava.image.Digest;
import io.katajava.spi.TrustedDirectory;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory of a store: an OCI image layout (blobs, {@code index.json}, {@code oci-layout})
 * with more beside it: {@code disks/}, block images; {@code parts/}, unfinished downloads; {@code
 * tmp/}; {@code locks/}. Everything is finished elsewhere and then renamed, so that what has a name
 * here is whole.
 */
@SuppressWarnings("try") // Locks are held, not used.
public final class StoreDirectory {
  private static final Logger log = LoggerFactory.getLogger(StoreDirectory.class);
  private static final Duration INDEX_LIMIT = Duration.ofMinutes(1);
  private static final Deadline NO_LIMIT = Deadline.after(Duration.ofDays(36500));

  /** What is left to others of a file system, and how much is written between two looks at it. */
  private static final long RESERVE = 64L << 20;

  private static final long LOOK = 16L << 20;

  /** QEMU may run as another user than the one who keeps the store. */
  private static final Set<PosixFilePermission> READABLE =
      PosixFilePermissions.fromString("r--r--r--");

  private final Path root;

  private StoreDirectory(Path root) {
    this.root = root;
  }

  /**
   * Opens a directory, made when missing.
   *
   * @param root the directory
   * @return its content
   * @throws IOException if it cannot be made
   */
  public static StoreDirectory open(Path root) throws IOException {
    // What is there is believed to be what its digest says, and read as root filesystems.
    TrustedDirectory.require("image store", root);
    StoreDirectory directory = new StoreDirectory(root.toAbsolutePath().normalize());
    for (String name : List.of("blobs/sha256", "blobs/sha512", "disks", "parts", "tmp", "locks")) {
      Files.createDirectories(directory.root.resolve(name));
    }
    Path mark = root.resolve("oci-layout");
    if (!Files.exists(mark)) {
      directory.replace(
          mark,
          "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
    return directory;
  }

  /**
   * Where it is.
   *
   * @return an absolute path
   */
  public Path root() {
    return root;
  }

  Path blob(Digest digest) {
    return root.resolve("blobs").resolve(digest.algorithm()).resolve(digest.hex());
  }

  Path part(Digest digest) {
    return root.resolve("parts").resolve(digest.algorithm() + "-" + digest.hex());
  }

  Path disks() {
    return root.resolve("disks");
  }

  Path newTemporary() throws IOException {
    return Files.createTempFile(root.resolve("tmp"), "new", null);
  }

  /** Held by whoever adds to the store, together; by who takes from it, alone. */
  HeldFile adding(Deadline deadline) throws IOException, InterruptedException {
    return HeldFile.shared(root.resolve("locks/content"), deadline.remaining());
  }

  HeldFile removing(Deadline deadline) throws IOException, InterruptedException {
    return HeldFile.alone(root.resolve("locks/content"), deadline.remaining());
  }

  /** One thing at a time, by its name. */
  HeldFile making(String name, Deadline deadline) throws IOException, InterruptedException {
    // Few files for all names: they stay.
    return HeldFile.alone(
        root.resolve("locks/make-" + Math.floorMod(name.hashCode(), 256)), deadline.remaining());
  }

  boolean has(Descriptor descriptor) throws IOException {
    Path blob = blob(descriptor.digest());
    try {
      return Files.size(blob) == descriptor.size();
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  /** What has arrived of a download. */
  long partSize(Digest digest) throws IOException {
    try {
      return Files.size(part(digest));
    } catch (NoSuchFileException e) {
      return 0;
    }
  }

  /** Nothing is begun that the file system has no room for, whoever says how large it is. */
  void requireRoom(long bytes) throws IOException {
    if (bytes > 0 && bytes > free() - RESERVE) {
      throw full(bytes, null);
    }
  }

  private long free() throws IOException {
    return Files.getFileStore(root).getUsableSpace();
  }

  /** Whether there is hardly anything left for others. */
  boolean isFull() throws IOException {
    return free() < RESERVE / 2;
  }

  KataException full(long bytes, @Nullable IOException cause) throws IOException {
    Details details =
        Details.none().withRemedy("Free space there, or keep images in another directory");
    return new KataException(
        ErrorCode.IMAGE_STORE_FULL,
        "the file system of the image store "
            + root
            + " has "
            + MemorySize.bytes(Math.max(0, free()))
            + " left, which is not enough for "
            + MemorySize.bytes(Math.max(0, bytes))
            + " more and a reserve of "
            + MemorySize.bytes(RESERVE),
        cause == null ? details : details.withCause(cause));
  }

  /** Writes a file of the store, and stops before the file system is full. */
  OutputStream output(Path file, boolean append) throws IOException {
    OutputStream out =
        Files.newOutputStream(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            append ? StandardOpenOption.APPEND : StandardOpenOption.TRUNCATE_EXISTING);
    return new FilterOutputStream(out) {
      private long sinceLook = LOOK;

      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        sinceLook += length;
        if (sinceLook >= LOOK) {
          sinceLook = 0;
          requireRoom(length);
        }
        out.write(bytes, offset, length);
      }
    };
  }

  void add(Descriptor descriptor, InputStream content) throws IOException {
    add(descriptor, content, NO_LIMIT);
  }

  /** Takes content in, if it is what the descriptor says. */
  void add(Descriptor descriptor, InputStream content, Deadline deadline) throws IOException {
    if (has(descriptor)) {
      return;
    }
    Path unfinished = newTemporary();
    try {
      MessageDigest hash = descriptor.digest().newHash();
      long size = 0;
      byte[] buffer = new byte[1 << 16];
      try (OutputStream out = output(unfinished, false)) {
        for (int n = content.read(buffer); n >= 0; n = content.read(buffer)) {
          LateException.check(deadline, "copying " + descriptor.digest());
          size += n;
          if (size > descriptor.size()) {
            break;
          }
          hash.update(buffer, 0, n);
          out.write(buffer, 0, n);
        }
      }
      check(descriptor, size, hash);
      publish(unfinished, blob(descriptor.digest()));
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  static void check(Descriptor descriptor, long size, MessageDigest hash)
      throws InvalidLayerException {
    String found = HexFormat.of().formatHex(hash.digest());
    if (size != descriptor.size()) {
      throw new InvalidLayerException(
          "content of "
              + descriptor.digest()
              + " has "
              + (size > descriptor.size() ? "more than " : size + " instead of ")
              + descriptor.size()
              + " bytes");
    }
    if (!found.equals(descriptor.digest().hex())) {
      throw new InvalidLayerException(
          "content of "
              + descriptor.digest()
              + " has the digest "
              + descriptor.digest().algorithm()
              + ":"
              + found);
    }
  }

  Descriptor add(byte[] content, String mediaType) throws IOException {
    Descriptor descriptor = new Descriptor(mediaType, Digest.sha256(content), content.length);
    add(descriptor, new java.io.ByteArrayInputStream(content));
    return descriptor;
  }

  /** A small document, its digest checked again. */
  byte[] read(Descriptor descriptor) throws IOException {
    if (descriptor.size() > OciDocuments.MAXIMUM_DOCUMENT) {
      throw new InvalidLayerException(
          "document " + descriptor.digest() + " of " + descriptor.size() + " bytes");
    }
    byte[] content = Files.readAllBytes(blob(descriptor.digest()));
    MessageDigest hash = descriptor.digest().newHash();
    hash.update(content);
    check(descriptor, content.length, hash);
    return content;
  }

  /** Finishes a file: durable, readable by all, under its name. */
  void publish(Path finished, Path target) throws IOException {
    try (FileChannel channel = FileChannel.open(finished, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    Files.setPosixFilePermissions(finished, READABLE);
    Files.move(finished, target, StandardCopyOption.ATOMIC_MOVE);
  }

  private void replace(Path file, byte[] content) throws IOException {
    Path unfinished = newTemporary();
    try {
      Files.write(unfinished, content);
      publish(unfinished, file);
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  /** What the store has names for. */
  List<Descriptor> index() throws IOException {
    Path file = root.resolve("index.json");
    if (!Files.exists(file)) {
      return List.of();
    }
    ForeignJson document = OciDocuments.parse(Files.readAllBytes(file), file.toString());
    return OciDocuments.index(document);
  }

  /** Changes the names; one at a time. */
  void updateIndex(UnaryOperator<List<Descriptor>> change)
      throws IOException, InterruptedException {
    try (HeldFile held = HeldFile.alone(root.resolve("locks/index"), INDEX_LIMIT)) {
      List<Descriptor> changed = change.apply(new ArrayList<>(index()));
      replace(root.resolve("index.json"), OciDocuments.write(OciDocuments.indexOf(changed)));
    }
  }

  /**
   * Notes that a file was of use, for the order in which room is made. Where that cannot be noted,
   * in a store that is only read, no room is made either.
   */
  static void touch(Path file) {
    try {
      Files.setLastModifiedTime(file, FileTime.from(Instant.now()));
    } catch (IOException e) {
      log.debug("the use of {} is not noted: {}", file, e.toString());
    }
  }

  /** All files of a directory of the store. */
  List<Path> files(String directory) throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(root.resolve(directory))) {
      entries.forEach(files::add);
    }
    return files;
  }

  /** Bytes of all content. */
  long usage() throws IOException {
    long sum = 0;
    for (String directory : List.of("blobs/sha256", "blobs/sha512", "disks", "parts", "tmp")) {
      for (Path file : files(directory)) {
        try {
          sum += Files.size(file);
        } catch (NoSuchFileException e) {
          // Finished or removed meanwhile: it takes nothing.
          sum += 0;
        }
      }
    }
    return sum;
  }
}
