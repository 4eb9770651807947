package io.katajava.config;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A configuration that is wrong in one way, and the one message it gives. Most are resources; those
 * that are no text, or too large, are made here.
 *
 * @param name what is wrong
 * @param message the whole message; {@code @DIR@} stands for the directory it is in
 */
public record BrokenFile(String name, String message) {
  private static final int LARGE = 10 << 20;

  /**
   * All of them.
   *
   * @return at least 40
   * @throws IOException if the list is not there
   */
  public static List<BrokenFile> all() throws IOException {
    List<BrokenFile> all = new ArrayList<>();
    for (String line : text("messages.tsv", "@DIR@").lines().toList()) {
      String[] cells = line.split("\t", -1);
      all.add(new BrokenFile(cells[0], cells[1]));
    }
    return all;
  }

  /**
   * Puts it into a directory, with the files it names.
   *
   * @param directory an empty directory
   * @return the main file
   * @throws IOException if it cannot be written
   */
  public Path putInto(Path directory) throws IOException {
    for (String file : List.of("qemu", "kernel", "image", "initrd")) {
      Files.writeString(directory.resolve(file), "x");
    }
    Files.setPosixFilePermissions(
        directory.resolve("qemu"), PosixFilePermissions.fromString("rwxr-xr-x"));
    Path main = directory.resolve("configuration.toml");
    switch (name) {
      case "file-missing" -> {
        // That is what is wrong.
      }
      case "file-is-a-directory" -> Files.createDirectory(main);
      case "file-links-to-itself" -> Files.createSymbolicLink(main, main.getFileName());
      case "file-below-a-file" -> main = directory.resolve("kernel").resolve("configuration.toml");
      case "file-drop-ins-are-a-file" -> {
        Files.writeString(main, "");
        Files.writeString(directory.resolve("config.d"), "");
      }
      case "text-not-utf-8" ->
          Files.write(
              main, "[runtime]\nname = \"caf\u00e9\"\n".getBytes(StandardCharsets.ISO_8859_1));
      case "large-nested-arrays" -> repeat(main, "a = ", "[");
      case "large-nested-tables" -> repeat(main, "a = ", "{a=");
      case "large-dotted-key" -> repeat(main, "a", ".a");
      case "large-comment" -> repeat(main, "", "# nothing\n");
      default -> fromResources(directory, main);
    }
    return main;
  }

  private static void repeat(Path file, String head, String unit) throws IOException {
    byte[] many = unit.repeat(1 << 12).getBytes(StandardCharsets.UTF_8);
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(head.getBytes(StandardCharsets.UTF_8));
      for (int written = 0; written < LARGE; written += many.length) {
        out.write(many);
      }
    }
  }

  private void fromResources(Path directory, Path main) throws IOException {
    String here = directory.toString();
    Files.writeString(main, text(name + "/configuration.toml", here));
    for (String dropIn : List.of("10-initrd.toml", "20-cpus.toml", "30-late.toml")) {
      String content = optional(name + "/config.d/" + dropIn, here);
      if (content != null) {
        Files.createDirectories(directory.resolve("config.d"));
        Files.writeString(directory.resolve("config.d").resolve(dropIn), content);
      }
    }
  }

  /**
   * The annotations it is read with.
   *
   * @return names and values
   * @throws IOException if they cannot be read
   */
  public Map<String, String> annotations() throws IOException {
    Properties properties = new Properties();
    String content = optional(name + "/annotations.properties", "");
    if (content != null) {
      properties.load(new java.io.StringReader(content));
    }
    Map<String, String> annotations = new TreeMap<>();
    properties.forEach((key, value) -> annotations.put((String) key, (String) value));
    return annotations;
  }

  /**
   * The message, when it is in a directory.
   *
   * @param directory the directory
   * @return one line
   */
  public String messageIn(Path directory) {
    return message.replace("@DIR@", directory.toString());
  }

  private static String text(String resource, String directory) throws IOException {
    String text = optional(resource, directory);
    if (text == null) {
      throw new IOException("the resource broken/" + resource + " is missing");
    }
    return text;
  }

  private static @Nullable String optional(String resource, String directory) throws IOException {
    try (InputStream in = BrokenFile.class.getResourceAsStream("/broken/" + resource)) {
      return in == null
          ? null
          : new String(in.readAllBytes(), StandardCharsets.UTF_8).replace("@DIR@", directory);
    }
  }

  @Override
  public String toString() {
    return name;
  }
}
