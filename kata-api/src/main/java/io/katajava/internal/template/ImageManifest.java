package io.katajava.internal.template;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * What is written about an image beside it: a first line with the format's version, then {@code key
 * value} lines, {@code end} and the checksum of all before. Values have their line breaks and
 * backslashes escaped; a file without its last line is no manifest.
 */
public final class ImageManifest {
  /** The file's name in the image's directory. */
  public static final String FILE = "manifest";

  private static final String TRAIT = "trait";
  private static final String END = "end ";

  private final String format;
  private final Map<String, String> values;
  private final List<String> traits;

  /**
   * A manifest.
   *
   * @param format the first line: kind and version
   * @param values key to value; keys have no spaces
   * @param traits what the image depends on, in order
   */
  public ImageManifest(String format, Map<String, String> values, List<String> traits) {
    this.format = format;
    this.values = new LinkedHashMap<>(values);
    this.traits = List.copyOf(traits);
  }

  /**
   * What the image depends on.
   *
   * @return the traits, in order
   */
  public List<String> traits() {
    return traits;
  }

  /**
   * A value.
   *
   * @param key its key
   * @return the value, if there is one
   */
  public Optional<String> value(String key) {
    return Optional.ofNullable(values.get(key));
  }

  /**
   * A value that must be there.
   *
   * @param key its key
   * @return the value
   * @throws IOException if it is missing
   */
  public String require(String key) throws IOException {
    return value(key).orElseThrow(() -> new IOException("the manifest has no " + key));
  }

  /**
   * A number that must be there.
   *
   * @param key its key
   * @return the number
   * @throws IOException if it is missing or none
   */
  public long number(String key) throws IOException {
    try {
      return Long.parseLong(require(key));
    } catch (NumberFormatException e) {
      throw new IOException("the manifest's " + key + " is no number: " + require(key), e);
    }
  }

  /**
   * The values whose keys begin alike.
   *
   * @param prefix the begin of the keys
   * @return rest of the key to value
   */
  public Map<String, String> below(String prefix) {
    Map<String, String> found = new LinkedHashMap<>();
    values.forEach(
        (key, value) -> {
          if (key.startsWith(prefix)) {
            found.put(key.substring(prefix.length()), value);
          }
        });
    return found;
  }

  /**
   * Writes it.
   *
   * @param directory the image's directory, which has none yet
   * @throws IOException if it cannot be written
   */
  public void write(Path directory) throws IOException {
    StringBuilder text = new StringBuilder(format).append('\n');
    values.forEach(
        (key, value) -> text.append(key).append(' ').append(escaped(value)).append('\n'));
    traits.forEach(trait -> text.append(TRAIT).append(' ').append(escaped(trait)).append('\n'));
    String checksum = checksum(text.toString());
    text.append(END).append(checksum).append('\n');
    Files.writeString(directory.resolve(FILE), text, StandardOpenOption.CREATE_NEW);
  }

  /**
   * Reads one.
   *
   * @param directory the image's directory
   * @param format the first line it must have
   * @return the manifest
   * @throws IOException if it is missing, of another format or not whole
   */
  public static ImageManifest read(Path directory, String format) throws IOException {
    Path file = directory.resolve(FILE);
    String text = Files.readString(file, StandardCharsets.UTF_8);
    String[] lines = text.split("\n", -1);
    if (!lines[0].equals(format)) {
      throw new IOException(file + " begins with '" + cut(lines[0]) + "', not '" + format + "'");
    }
    Map<String, String> values = new LinkedHashMap<>();
    List<String> traits = new ArrayList<>();
    for (int i = 1; i < lines.length; i++) {
      if (lines[i].startsWith(END)) {
        String before = text.substring(0, text.lastIndexOf(lines[i]));
        if (!lines[i].equals(END + checksum(before))) {
          throw new IOException(file + " is damaged");
        }
        return new ImageManifest(format, values, traits);
      }
      String[] pair = lines[i].split(" ", 2);
      if (pair.length != 2) {
        throw new IOException(file + " has a line without key and value: '" + cut(lines[i]) + "'");
      }
      if (pair[0].equals(TRAIT)) {
        traits.add(unescaped(pair[1]));
      } else {
        values.put(pair[0], unescaped(pair[1]));
      }
    }
    throw new IOException(file + " is truncated");
  }

  private static String checksum(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return Long.toHexString(crc.getValue());
  }

  private static String cut(String text) {
    return text.length() > 60 ? text.substring(0, 60) + "..." : text;
  }

  private static String escaped(String value) {
    return value.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
  }

  private static String unescaped(String value) {
    if (value.indexOf('\\') < 0) {
      return value;
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '\\' && i + 1 < value.length()) {
        char next = value.charAt(++i);
        text.append(next == 'n' ? '\n' : next == 'r' ? '\r' : next);
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }
}
