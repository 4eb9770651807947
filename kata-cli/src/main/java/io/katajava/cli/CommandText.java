package io.katajava.cli;

import io.katajava.internal.tree.BytePath;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The command line as it was given: bytes, which are UTF-8 whatever the locale says. The JVM makes
 * text of them by the locale, and of what that does not know question marks.
 */
final class CommandText {
  private CommandText() {}

  /**
   * The arguments as they were given.
   *
   * @param decoded what the JVM made of them
   * @throws IllegalArgumentException if one is not UTF-8: the agent's protocol carries text only
   */
  static String[] of(String[] decoded) {
    byte[] line;
    try {
      line = Files.readAllBytes(Path.of("/proc/self/cmdline"));
    } catch (IOException e) {
      return decoded;
    }
    return of(line, decoded);
  }

  static String[] of(byte[] line, String[] decoded) {
    // The JVM's options and class come before.
    List<byte[]> all = split(line);
    if (all.size() < decoded.length) {
      return decoded;
    }
    String[] arguments = new String[decoded.length];
    for (int i = 0; i < decoded.length; i++) {
      byte[] bytes = all.get(all.size() - decoded.length + i);
      if (!agree(bytes, decoded[i])) {
        return decoded;
      }
      arguments[i] = text(bytes);
    }
    return arguments;
  }

  /** What /proc tells of a process, arguments or variables: each one ends in a NUL. */
  static List<byte[]> split(byte[] line) {
    List<byte[]> all = new ArrayList<>();
    int begin = 0;
    for (int at = 0; at < line.length; at++) {
      if (line[at] == 0) {
        all.add(Arrays.copyOfRange(line, begin, at));
        begin = at + 1;
      }
    }
    return all;
  }

  /** Whether it is the same argument, as far as ASCII tells: every locale has that. */
  private static boolean agree(byte[] bytes, String text) {
    ByteBuffer ascii = ByteBuffer.allocate(bytes.length);
    for (byte b : bytes) {
      if (b >= 0) {
        ascii.put(b);
      }
    }
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        plain.append(c);
      }
    }
    String expected = new String(ascii.array(), 0, ascii.position(), StandardCharsets.US_ASCII);
    // A question mark may stand for a byte that is none.
    return bytes.length == ascii.position()
        ? expected.contentEquals(plain)
        : expected.replace("?", "").equals(plain.toString().replace("?", ""));
  }

  private static String text(byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new IllegalArgumentException(
          "the argument '"
              + BytePath.of(bytes)
              + "' is not UTF-8, and what is sent to a guest is text; give it as UTF-8, or give a"
              + " file's name through a directory above it",
          e);
    }
  }
}
