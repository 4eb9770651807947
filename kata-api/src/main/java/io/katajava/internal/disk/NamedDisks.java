package io.katajava.internal.disk;

import io.katajava.ContainerFiles.Owner;
import io.katajava.DiskInfo;
import io.katajava.DiskStore;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.MemorySize;
import io.katajava.Volume;
import io.katajava.internal.host.HostProgram;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The disks that users gave names: one image each in a directory. */
public final class NamedDisks implements DiskStore {
  private static final Logger log = LoggerFactory.getLogger(NamedDisks.class);
  private static final String SUFFIX = ".ext4";
  private static final int BLOCK = 512;
  private static final MemorySize DEFAULT_SIZE = MemorySize.gibibytes(1);

  private final Path directory;
  private final DraftNotes drafts;

  /**
   * Looks at nothing yet.
   *
   * @param data where users' data is kept
   * @param drafts remembers what is being made
   */
  public NamedDisks(Path data, DraftNotes drafts) {
    this.directory = data.resolve("disks");
    this.drafts = drafts;
  }

  @Override
  public Path directory() {
    return directory;
  }

  @Override
  public List<DiskInfo> list() {
    List<DiskInfo> all = new ArrayList<>();
    TrustedDirectory.require("data", directory);
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(path -> path.toString().endsWith(SUFFIX)).toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith(".")) {
          continue;
        }
        all.add(
            new DiskInfo(
                name.substring(0, name.length() - SUFFIX.length()),
                file,
                MemorySize.bytes(Files.size(file)),
                used(file),
                Files.getLastModifiedTime(file).toInstant()));
      }
    } catch (NoSuchFileException e) {
      return List.of();
    } catch (IOException e) {
      throw failure("disks in " + directory + " cannot be listed", e);
    }
    all.sort(Comparator.comparing(DiskInfo::name));
    return List.copyOf(all);
  }

  /** What a sparse file takes: stat(2) tells it, Java's attributes do not. */
  private static MemorySize used(Path file) throws IOException {
    String blocks =
        HostProgram.run(
            List.of(HostProgram.find("stat"), "--format=%b", file.toString()), "coreutils");
    return MemorySize.bytes(BLOCK * Long.parseLong(blocks.strip()));
  }

  @Override
  public boolean remove(String name) {
    try {
      return Files.deleteIfExists(image(name));
    } catch (IOException e) {
      throw failure("disk " + name + " cannot be removed", e);
    }
  }

  private Path image(String name) {
    if (!name.matches("[A-Za-z0-9][A-Za-z0-9_.-]*")) {
      throw new IllegalArgumentException("'" + name + "' is not a name for a disk");
    }
    return directory.resolve(name + SUFFIX);
  }

  /**
   * The image of a disk, made if there is none, or larger if it is too small.
   *
   * @param disk what is wanted
   * @param owner of the root directory of a new one
   * @return the file
   */
  public Path findOrMake(Volume.NamedDisk disk, Optional<Owner> owner) {
    String name = disk.name();
    Path image = image(name);
    TrustedDirectory.require("data", directory);
    if (Files.exists(image)) {
      if (disk.isWritable() && disk.size().isPresent()) {
        fit(name, image, disk.size().get());
      }
      return image;
    }
    MemorySize size = disk.size().orElse(DEFAULT_SIZE);
    try {
      TrustedDirectory.shared("data", directory);
      Path draft =
          directory.toAbsolutePath().resolve("." + name + "-" + UUID.randomUUID() + SUFFIX);
      try (DraftNotes.Note note = drafts.note(draft)) {
        log.trace("{} is being made, as {} tells", draft, note);
        Ext4.make(draft, size, true, owner);
        try {
          // Whoever is first makes the disk: a link replaces nothing.
          Files.createLink(image, draft);
        } catch (FileAlreadyExistsException e) {
          return image;
        } finally {
          Files.delete(draft);
        }
      }
      return image;
    } catch (IOException e) {
      throw failure("disk " + name + " cannot be made in " + directory, e);
    }
  }

  private static void fit(String name, Path image, MemorySize wanted) {
    try {
      MemorySize size = MemorySize.bytes(Files.size(image));
      if (wanted.bytes() < size.bytes()) {
        throw new KataException(
            ErrorCode.HOST_UNSUITABLE,
            "disk " + name + " has " + size + " and cannot be made smaller, to " + wanted,
            Details.none().withRemedy("Ask for " + size + ", or for no size"));
      }
      if (wanted.bytes() > size.bytes() && !Ext4.grow(image, wanted)) {
        throw new KataException(
            ErrorCode.HOST_UNSUITABLE,
            "disk " + name + " has " + size + " and is in use: it cannot become " + wanted + " now",
            Details.none().withRemedy("Close the sandboxes that have it, or ask for no size"));
      }
    } catch (IOException e) {
      throw failure("disk " + name + " cannot be made " + wanted + " large", e);
    }
  }

  private static KataException failure(String what, IOException e) {
    return new KataException(
        ErrorCode.HOST_UNSUITABLE,
        what + ": " + e.getMessage(),
        Details.none()
            .withCause(e)
            .withRemedy("Give Kata.builder().dataDirectory(...) a directory you can write"));
  }
}
