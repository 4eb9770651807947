package io.katajava.internal.tree;

import io.katajava.base.text.PathBytes;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A path as the kernel has it: bytes that need not be text in any encoding. A {@link Path} made
 * from text loses them where the locale has no such characters.
 */
public final class BytePath implements Comparable<BytePath> {
  /** The directory one is in. */
  public static final BytePath HERE = of(".");

  private final byte[] bytes;

  private BytePath(byte[] bytes) {
    this.bytes = bytes;
  }

  /**
   * A path that is known as bytes.
   *
   * @param bytes the path, copied
   * @return the path
   */
  public static BytePath of(byte[] bytes) {
    return new BytePath(bytes.clone());
  }

  /**
   * A path that is known as text.
   *
   * @param text the path, which becomes UTF-8
   * @return the path
   */
  public static BytePath of(String text) {
    return new BytePath(text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * The bytes behind a path of the JDK. As text they would depend on the locale; as a URI the JDK
   * gives them as they are, percent-encoded.
   *
   * @param path any path
   * @return the path, absolute
   * @throws IllegalArgumentException if it is none of the host, but one in an archive, say
   */
  public static BytePath of(Path path) {
    return new BytePath(PathBytes.absolute(path));
  }

  /**
   * The last name of a path of the JDK.
   *
   * @param path any path of the host but the root
   * @return the name
   */
  public static BytePath nameOf(Path path) {
    List<BytePath> parts = of(path).parts();
    return parts.get(parts.size() - 1);
  }

  /**
   * The same path for the JDK, whatever the locale can say of it.
   *
   * @return the path
   */
  public Path toPath() {
    return PathBytes.path(bytes);
  }

  /**
   * The bytes.
   *
   * @return a copy
   */
  public byte[] bytes() {
    return bytes.clone();
  }

  /**
   * How many bytes they are.
   *
   * @return their number
   */
  public int length() {
    return bytes.length;
  }

  /** For a system call: with a NUL at the end. */
  byte[] terminated() {
    return Arrays.copyOf(bytes, bytes.length + 1);
  }

  /**
   * Whether it begins at the root.
   *
   * @return whether it does
   */
  public boolean isAbsolute() {
    return bytes.length > 0 && bytes[0] == '/';
  }

  /**
   * Something in this directory.
   *
   * @param below its path from here
   * @return both
   */
  public BytePath resolve(BytePath below) {
    if (bytes.length == 0 || equals(HERE)) {
      return below;
    }
    byte[] joined = Arrays.copyOf(bytes, bytes.length + 1 + below.bytes.length);
    joined[bytes.length] = '/';
    System.arraycopy(below.bytes, 0, joined, bytes.length + 1, below.bytes.length);
    return new BytePath(joined);
  }

  /**
   * The names it consists of, without empty ones and those of the same directory.
   *
   * @return the names
   */
  public List<BytePath> parts() {
    List<BytePath> parts = new ArrayList<>();
    int begin = 0;
    for (int at = 0; at <= bytes.length; at++) {
      if (at == bytes.length || bytes[at] == '/') {
        if (at > begin && !(at == begin + 1 && bytes[begin] == '.')) {
          parts.add(new BytePath(Arrays.copyOfRange(bytes, begin, at)));
        }
        begin = at + 1;
      }
    }
    return parts;
  }

  /**
   * The path of some names.
   *
   * @param parts the names
   * @return the path, {@link #HERE} of none
   */
  public static BytePath of(List<BytePath> parts) {
    BytePath path = HERE;
    for (BytePath part : parts) {
      path = path.resolve(part);
    }
    return path;
  }

  /** Whether it leads one directory up. */
  boolean isUp() {
    return bytes.length == 2 && bytes[0] == '.' && bytes[1] == '.';
  }

  @Override
  public int compareTo(BytePath other) {
    return Arrays.compareUnsigned(bytes, other.bytes);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof BytePath path && Arrays.equals(bytes, path.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** For a message: what is no text, or would move a terminal's cursor, as {@code \xNN}. */
  @Override
  public String toString() {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length);
    StringBuilder text = new StringBuilder();
    while (true) {
      CoderResult result = decoder.decode(in, out, true);
      append(text, out.flip());
      out.clear();
      if (!result.isError()) {
        return text.toString();
      }
      for (int i = 0; i < result.length(); i++) {
        escape(text, in.get() & 0xff);
      }
    }
  }

  private static void append(StringBuilder text, CharBuffer decoded) {
    while (decoded.hasRemaining()) {
      char c = decoded.get();
      if (Character.isISOControl(c)) {
        escape(text, c);
      } else {
        text.append(c);
      }
    }
  }

  private static void escape(StringBuilder text, int value) {
    text.append(String.format(java.util.Locale.ROOT, "\\x%02x", value));
  }
}
