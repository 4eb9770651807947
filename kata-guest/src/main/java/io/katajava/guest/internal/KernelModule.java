package io.katajava.guest.internal;

import io.katajava.compress.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.tukaani.xz.XZInputStream;

/** One module file: its name, its bytes without compression, and what it says it needs. */
final class KernelModule {
  /** The largest in Debian 12 is 9 MiB; this bounds what a damaged file can make us allocate. */
  static final int MAX_SIZE = 128 << 20;

  private KernelModule() {}

  /** A module's name from its file: {@code virtio-rng.ko.xz} is {@code virtio_rng}. */
  static String nameOf(String path) {
    String file = path.substring(path.lastIndexOf('/') + 1);
    int end = file.indexOf(".ko");
    return normalize(end < 0 ? file : file.substring(0, end));
  }

  /** The kernel takes hyphens and underscores in module names as equal. */
  static String normalize(String name) {
    return name.replace('-', '_');
  }

  /** Whether the file name is one of a module, compressed or not. */
  static boolean isModuleFile(String path) {
    return path.endsWith(".ko")
        || path.endsWith(".ko.xz")
        || path.endsWith(".ko.gz")
        || path.endsWith(".ko.zst");
  }

  /** The path without the compression's suffix. */
  static String plainPath(String path) {
    return path.substring(0, path.lastIndexOf(".ko") + 3);
  }

  /** Reads a module, undoing xz, gzip or zstd by the file's suffix. */
  static byte[] read(Path file) throws IOException {
    String name = file.toString();
    try (InputStream raw = Files.newInputStream(file);
        InputStream plain = open(raw, name)) {
      byte[] bytes = plain.readNBytes(MAX_SIZE + 1);
      if (bytes.length > MAX_SIZE) {
        throw new IOException("it has more than " + MAX_SIZE + " bytes");
      }
      if (!Elf.isElf(bytes)) {
        throw new IOException("it is not an ELF file");
      }
      return bytes;
    } catch (IOException | RuntimeException e) {
      // The decoders report damage by unchecked exceptions as well.
      throw new IOException("Kernel module " + file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static InputStream open(InputStream raw, String name) throws IOException {
    if (name.endsWith(".xz")) {
      return new XZInputStream(raw);
    }
    if (name.endsWith(".gz")) {
      return new GZIPInputStream(raw);
    }
    if (name.endsWith(".zst")) {
      return new ZstdInputStream(raw);
    }
    return raw;
  }

  /**
   * What a module says it needs: the {@code depends} and the {@code pre} part of {@code softdep} of
   * its {@code .modinfo} section.
   */
  static Needs needs(byte[] module, String name) throws IOException {
    ByteBuffer info = Elf.parse(module, name).section(".modinfo");
    byte[] bytes = new byte[info.remaining()];
    info.get(bytes);
    List<String> hard = new ArrayList<>();
    List<String> soft = new ArrayList<>();
    for (String entry : new String(bytes, StandardCharsets.UTF_8).split("\0", -1)) {
      if (entry.startsWith("depends=")) {
        for (String needed : entry.substring("depends=".length()).split(",", -1)) {
          if (!needed.isBlank()) {
            hard.add(normalize(needed.strip()));
          }
        }
      } else if (entry.startsWith("softdep=")) {
        soft.addAll(softPre(entry.substring("softdep=".length())));
      }
    }
    return new Needs(List.copyOf(hard), List.copyOf(soft));
  }

  /** The names between {@code pre:} and {@code post:}. */
  static List<String> softPre(String softdep) {
    List<String> names = new ArrayList<>();
    boolean pre = false;
    for (String word : softdep.strip().split("\\s+", -1)) {
      if (word.equals("pre:")) {
        pre = true;
      } else if (word.equals("post:")) {
        pre = false;
      } else if (pre && !word.isEmpty()) {
        names.add(normalize(word));
      }
    }
    return names;
  }

  /**
   * What a module needs loaded before.
   *
   * @param hard without these it cannot be linked
   * @param soft wanted when there
   */
  record Needs(List<String> hard, List<String> soft) {}
}
