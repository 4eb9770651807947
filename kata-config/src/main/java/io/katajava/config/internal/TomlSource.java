package io.katajava.config.internal;

import io.katajava.config.ConfigurationProblem;
import io.katajava.config.Origin;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlTable;

/** From a file to a TOML tree; everything that can be wrong with a file as such is told here. */
final class TomlSource {
  /** The largest file that is read; Kata's own have 40 KiB. */
  static final int SIZE_LIMIT = 256 << 10;

  /** Group 1: the backslash of such an escape, which is not itself escaped by one before. */
  private static final Pattern UNFINISHED_ESCAPE =
      Pattern.compile("(?<!\\\\)(?:\\\\\\\\)*(\\\\(?:u(?!\\p{XDigit}{4})|U(?!\\p{XDigit}{8})))");

  private final Path file;
  private final Consumer<ConfigurationProblem> problems;

  TomlSource(Path file, Consumer<ConfigurationProblem> problems) {
    this.file = file;
    this.problems = problems;
  }

  /** The tree, or null when a problem was told. */
  @Nullable TomlTable read() {
    byte[] bytes;
    try {
      bytes = bytes();
    } catch (IOException e) {
      return fail(Origin.file(file), "cannot be read: " + reason(e), "");
    }
    if (bytes == null) {
      return null;
    }
    String text = decode(bytes);
    if (text == null) {
      return null;
    }
    NestingScan.Place deep = NestingScan.tooDeep(text);
    if (deep != null) {
      return fail(
          Origin.file(file, deep.line(), deep.column()),
          "nests too deep",
          "at most " + NestingScan.LIMIT + " levels");
    }
    if (bytes.length > SIZE_LIMIT) {
      return fail(Origin.file(file), "is too large", "at most " + (SIZE_LIMIT >> 10) + " KiB");
    }
    return parse(text);
  }

  private byte @Nullable [] bytes() throws IOException {
    // Not merely opened: a FIFO would block, and a device may never end.
    // What is not there at all is opened, so that the system tells why.
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      fail(
          Origin.file(file),
          Files.isDirectory(file) ? "is a directory" : "is not a regular file",
          "a TOML file");
      return null;
    }
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(SIZE_LIMIT + 1);
    }
  }

  private static String reason(IOException e) {
    if (e instanceof NoSuchFileException) {
      return "there is no such file";
    } else if (e instanceof AccessDeniedException) {
      return "permission is denied";
    } else if (e instanceof FileSystemLoopException
        || String.valueOf(e.getMessage()).contains("symbolic links")) {
      return "its symbolic links lead in a circle";
    }
    String message = String.valueOf(e.getMessage());
    return message.substring(message.lastIndexOf(": ") + 1).strip().toLowerCase(Locale.ROOT);
  }

  private @Nullable String decode(byte[] bytes) {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(bytes.length + 1);
    // What was cut off at the limit may end inside a character.
    CoderResult result = decoder.decode(in, out, bytes.length <= SIZE_LIMIT);
    out.flip();
    String text = out.toString();
    if (result.isError()) {
      int line = 1 + (int) text.chars().filter(c -> c == '\n').count();
      int column = text.length() - (text.lastIndexOf('\n') + 1) + 1;
      problems.accept(
          ConfigurationProblem.error(
              Origin.file(file, line, column),
              "",
              "is not UTF-8",
              String.format(Locale.ROOT, "the byte 0x%02X", bytes[in.position()] & 0xff),
              "text in UTF-8"));
      return null;
    }
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }

  private @Nullable TomlTable parse(String text) {
    TomlParseResult result;
    try {
      result = Toml.parse(text);
    } catch (RuntimeException | AssertionError e) {
      Matcher escape = UNFINISHED_ESCAPE.matcher(text);
      if (escape.find()) {
        // Only with assertions on; without them it is one of the errors below.
        String what = "is not TOML: invalid unicode escape sequence";
        return fail(origin(text, escape.start(1)), what, "");
      }
      // The parser's own bounds, for example of a number's exponent.
      return fail(Origin.file(file), "is not TOML: " + e.getMessage(), "");
    }
    List<TomlParseError> errors = result.errors();
    if (!errors.isEmpty()) {
      // What follows the first syntax error is mostly its echo.
      TomlParseError first = errors.get(0);
      return fail(
          Origin.file(file, first.position().line(), first.position().column()),
          "is not TOML: " + message(first),
          "");
    }
    return result;
  }

  private Origin origin(String text, int index) {
    int line = 1 + (int) text.substring(0, index).chars().filter(c -> c == '\n').count();
    return Origin.file(file, line, index - (text.lastIndexOf('\n', index) + 1) + 1);
  }

  private static String message(TomlParseError error) {
    String message = String.valueOf(error.getMessage());
    return message.isEmpty()
        ? "syntax error"
        : Character.toLowerCase(message.charAt(0)) + message.substring(1);
  }

  private @Nullable TomlTable fail(Origin origin, String what, String allowed) {
    problems.accept(ConfigurationProblem.error(origin, "", what, "", allowed));
    return null;
  }
}
