package io.katajava.image.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.GZIPOutputStream;

/** Writes a layer's archive entry by entry, also such as no honest tool writes. */
public final class LayerBuilder {
  private static final int BLOCK = 512;

  private final OutputStream out;
  private final ByteArrayOutputStream memory = new ByteArrayOutputStream();

  /** In memory. */
  public LayerBuilder() {
    this.out = memory;
  }

  /** As it is made into a stream, which has no end of an archive then; readers do without. */
  public LayerBuilder(OutputStream out) {
    this.out = out;
  }

  /** A directory with mode 0755 of root. */
  public LayerBuilder directory(String path) {
    return entry(path + "/", '5', 0755, 0, 0, "", new byte[0]);
  }

  /** A file with mode 0644 of root. */
  public LayerBuilder file(String path, String content) {
    return file(path, 0644, 0, 0, content.getBytes(StandardCharsets.UTF_8));
  }

  public LayerBuilder file(String path, int mode, int uid, int gid, byte[] content) {
    return entry(path, '0', mode, uid, gid, "", content);
  }

  public LayerBuilder hardLink(String path, String target) {
    return entry(path, '1', 0644, 0, 0, target, new byte[0]);
  }

  public LayerBuilder symlink(String path, String target) {
    return entry(path, '2', 0777, 0, 0, target, new byte[0]);
  }

  /** Says that a name of the layers below is gone. */
  public LayerBuilder whiteout(String path) {
    int slash = path.lastIndexOf('/') + 1;
    return file(path.substring(0, slash) + ".wh." + path.substring(slash), "");
  }

  /** Says that what the layers below have in a directory is gone. */
  public LayerBuilder opaque(String directory) {
    return file(directory + "/.wh..wh..opq", "");
  }

  /** The host's static busybox in {@code /bin}, under these names, too. */
  public LayerBuilder busybox(String... applets) throws IOException {
    Path busybox = Path.of("/bin/busybox");
    directory("bin")
        .file(
            "bin/busybox",
            0755,
            0,
            0,
            Files.readAllBytes(Files.exists(busybox) ? busybox : Path.of("/usr/bin/busybox")));
    for (String applet : applets) {
      symlink("bin/" + applet, "busybox");
    }
    return this;
  }

  public LayerBuilder character(String path, int major, int minor) {
    byte[] header = header(path, '3', 0666, 0, 0, 0, "");
    octal(header, 329, 7, major);
    octal(header, 337, 7, minor);
    return write(header, new byte[0]);
  }

  /** The records of a pax header for the entry that follows. */
  public LayerBuilder pax(Map<String, String> records) {
    StringBuilder text = new StringBuilder();
    records.forEach(
        (key, value) -> {
          int rest = key.length() + value.length() + 3;
          int length = rest + String.valueOf(rest + 3).length();
          text.append(length).append(' ').append(key).append('=').append(value).append('\n');
        });
    return entry("pax", 'x', 0644, 0, 0, "", text.toString().getBytes(StandardCharsets.ISO_8859_1));
  }

  /** Any entry. */
  public LayerBuilder entry(
      String path, char kind, int mode, int uid, int gid, String link, byte[] content) {
    return write(header(path, kind, mode, uid, gid, content.length, link), content);
  }

  /** A header that announces a size of its own choosing; the content is not written. */
  public LayerBuilder announced(String path, char kind, long size) {
    return write(header(path, kind, 0644, 0, 0, size, ""), new byte[0]);
  }

  private LayerBuilder write(byte[] header, byte[] content) {
    for (int i = 148; i < 156; i++) {
      header[i] = ' ';
    }
    int sum = 0;
    for (byte b : header) {
      sum += b & 0xff;
    }
    octal(header, 148, 6, sum);
    header[154] = 0;
    try {
      out.write(header);
      out.write(content);
      out.write(new byte[(BLOCK - content.length % BLOCK) % BLOCK]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  private static byte[] header(
      String path, char kind, int mode, int uid, int gid, long size, String link) {
    byte[] header = new byte[BLOCK];
    put(header, 0, path, 100);
    octal(header, 100, 7, mode);
    octal(header, 108, 7, uid);
    octal(header, 116, 7, gid);
    octal(header, 124, 11, size);
    octal(header, 136, 11, 1_000_000_000);
    header[156] = (byte) kind;
    put(header, 157, link, 100);
    put(header, 257, "ustar\0" + "00", 8);
    return header;
  }

  private static void put(byte[] header, int at, String text, int length) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length > length) {
      throw new IllegalArgumentException(text + " needs a pax header");
    }
    System.arraycopy(bytes, 0, header, at, bytes.length);
  }

  private static void octal(byte[] header, int at, int digits, long value) {
    String text = Long.toOctalString(value);
    put(header, at, "0".repeat(Math.max(0, digits - text.length())) + text, digits);
  }

  /** The archive. */
  public byte[] tar() {
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.writeBytes(memory.toByteArray());
    whole.writeBytes(new byte[2 * BLOCK]);
    return whole.toByteArray();
  }

  /** The archive, compressed. */
  public byte[] gzip() {
    return gzip(tar());
  }

  public static byte[] gzip(byte[] content) {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
      gzip.write(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return compressed.toByteArray();
  }
}
