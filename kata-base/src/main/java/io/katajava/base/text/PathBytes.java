package io.katajava.base.text;

import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * The bytes behind a {@link Path}. As text they depend on the locale: under {@code LANG=C} a JVM
 * has no character for most of them. As a URI the JDK gives and takes them as they are,
 * percent-encoded.
 */
public final class PathBytes {
  private static final String PLAIN =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~/";

  private PathBytes() {}

  /**
   * The bytes of a path, made absolute.
   *
   * @param path any path of the host
   * @return its bytes, without a slash at the end
   * @throws IllegalArgumentException if it is none of the host, but one in an archive, say
   */
  public static byte[] absolute(Path path) {
    if (path.getFileSystem() != FileSystems.getDefault()) {
      throw new IllegalArgumentException(path + " is no path of the host's file system");
    }
    String encoded = path.toAbsolutePath().toUri().getRawPath();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(encoded.length());
    for (int i = 0; i < encoded.length(); i++) {
      char c = encoded.charAt(i);
      if (c == '%') {
        bytes.write(Integer.parseInt(encoded.substring(i + 1, i + 3), 16));
        i += 2;
      } else {
        bytes.write(c);
      }
    }
    byte[] all = bytes.toByteArray();
    // A directory's URI ends in a slash.
    int length = all.length;
    while (length > 1 && all[length - 1] == '/') {
      length--;
    }
    return Arrays.copyOf(all, length);
  }

  /**
   * The bytes of a path as it was given.
   *
   * @param path any path of the host
   * @return its bytes; of a relative one those from the current directory on
   * @throws IllegalArgumentException if it is none of the host
   */
  public static byte[] of(Path path) {
    byte[] whole = absolute(path);
    if (path.isAbsolute()) {
      return whole;
    }
    byte[] here = absolute(Path.of(""));
    int from = here.length == 1 ? 1 : Math.min(here.length + 1, whole.length);
    return Arrays.copyOfRange(whole, from, whole.length);
  }

  /**
   * The path of some bytes, whatever the locale can say of them.
   *
   * @param bytes the path
   * @return the same path; a relative one is relative
   * @throws IllegalArgumentException if there is a NUL in it
   */
  public static Path path(byte[] bytes) {
    boolean absolute = bytes.length > 0 && bytes[0] == '/';
    if (!absolute && isAscii(bytes)) {
      return Path.of(new String(bytes, java.nio.charset.StandardCharsets.US_ASCII));
    }
    StringBuilder encoded = new StringBuilder(absolute ? "file://" : "file:///");
    for (byte b : bytes) {
      char c = (char) (b & 0xff);
      if (PLAIN.indexOf(c) >= 0) {
        encoded.append(c);
      } else {
        encoded.append('%').append(hex(c >> 4)).append(hex(c & 15));
      }
    }
    Path path = Path.of(URI.create(encoded.toString()));
    return absolute ? path : Path.of("/").relativize(path);
  }

  private static boolean isAscii(byte[] bytes) {
    for (byte b : bytes) {
      if (b < 0) {
        return false;
      }
    }
    return true;
  }

  private static char hex(int digit) {
    return "0123456789ABCDEF".charAt(digit);
  }
}
