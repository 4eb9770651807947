package io.katajava.guest.internal;

import io.katajava.compress.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.ar.ArArchiveEntry;
import org.apache.commons.compress.archivers.ar.ArArchiveInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.tukaani.xz.XZInputStream;

/**
 * Unpacks files from a Debian package without dpkg and without installing it.
 *
 * <p>Only directories and regular files are made, and only below the target: links and devices are
 * left out, a path that would lead out of the target is an error. Format: deb(5).
 */
final class DebArchive {
  private static final long MAX_UNPACKED = 4L << 30;

  private DebArchive() {}

  /**
   * Unpacks.
   *
   * @param deb the package
   * @param target an existing directory
   * @param wanted tells by the path inside, for example {@code boot/vmlinuz-6.1}, what to unpack
   * @return how many files were unpacked
   * @throws IOException when the package is damaged or hostile
   */
  static int unpack(Path deb, Path target, Predicate<String> wanted) throws IOException {
    try (InputStream file = new BufferedInputStream(Files.newInputStream(deb));
        ArArchiveInputStream ar = new ArArchiveInputStream(file)) {
      for (ArArchiveEntry entry = ar.getNextEntry(); entry != null; entry = ar.getNextEntry()) {
        String name = entry.getName();
        if (name.startsWith("data.tar")) {
          try (InputStream plain = decompress(ar, name);
              TarArchiveInputStream tar = new TarArchiveInputStream(plain)) {
            return unpackTar(tar, target.toRealPath(), wanted);
          }
        }
      }
      throw new IOException("it has no data.tar");
    } catch (IOException | RuntimeException e) {
      // The decoders report damage by unchecked exceptions as well.
      throw new IOException("Package " + deb + " cannot be unpacked: " + e.getMessage(), e);
    }
  }

  private static InputStream decompress(InputStream in, String name) throws IOException {
    InputStream buffered = new BufferedInputStream(in, 1 << 16);
    return switch (name) {
      case "data.tar.xz" -> new XZInputStream(buffered);
      case "data.tar.gz" -> new GZIPInputStream(buffered);
      case "data.tar.zst" -> new ZstdInputStream(buffered);
      case "data.tar" -> buffered;
      default -> throw new IOException("its " + name + " has an unknown compression");
    };
  }

  private static int unpackTar(TarArchiveInputStream tar, Path target, Predicate<String> wanted)
      throws IOException {
    int files = 0;
    long total = 0;
    for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
      Path inside = contained(entry.getName());
      if (!entry.isFile() || entry.isSymbolicLink() || entry.isLink()) {
        continue;
      }
      if (!wanted.test(inside.toString())) {
        continue;
      }
      total += entry.getSize();
      if (total > MAX_UNPACKED) {
        throw new IOException("it holds more than " + MAX_UNPACKED + " bytes");
      }
      Path file = target.resolve(inside);
      Files.createDirectories(file.getParent());
      long copied = Files.copy(tar, file);
      if (copied != entry.getSize()) {
        throw new IOException(inside + " ends early");
      }
      if ((entry.getMode() & 0100) != 0) {
        file.toFile().setExecutable(true, true);
      }
      files++;
    }
    return files;
  }

  private static Path contained(String name) throws IOException {
    Path path = Path.of(name.startsWith("./") ? name.substring(2) : name);
    Path plain = path.normalize();
    if (path.isAbsolute() || plain.startsWith("..")) {
      throw new IOException("its entry '" + name + "' leads out of the target");
    }
    return plain;
  }
}
