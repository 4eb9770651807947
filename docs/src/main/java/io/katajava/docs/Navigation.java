package io.katajava.docs;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Which pages the site has, in which order: groups of Markdown files.
 *
 * @param groups names of the groups with their files, relative to the project's root
 */
public record Navigation(Map<String, List<String>> groups) {

  /** The page the site opens with. */
  public static final String FIRST = "README.md";

  /**
   * The one of the site, {@code navigation.txt}: a line {@code # GROUP}, then a file on each line.
   *
   * @return the navigation
   * @throws IOException if it cannot be read
   */
  public static Navigation read() throws IOException {
    Map<String, List<String>> groups = new LinkedHashMap<>();
    List<String> files = new ArrayList<>();
    for (String line : resource("navigation.txt").lines().toList()) {
      if (line.startsWith("# ")) {
        files = groups.computeIfAbsent(line.substring(2), name -> new ArrayList<>());
      } else if (!line.isBlank()) {
        files.add(line);
      }
    }
    return new Navigation(groups);
  }

  /**
   * All pages, without their groups.
   *
   * @return files relative to the project's root
   */
  public List<String> files() {
    return groups.values().stream().flatMap(List::stream).toList();
  }

  /**
   * Where a page is on the site.
   *
   * @param file relative to the project's root, {@code docs/qemu.md}
   * @return name of the HTML file, {@code qemu.html}
   */
  public static String pageOf(String file) {
    if (file.equals(FIRST)) {
      return "index.html";
    }
    String name = file.substring(file.lastIndexOf('/') + 1);
    return name.substring(0, name.length() - ".md".length()).toLowerCase(Locale.ROOT) + ".html";
  }

  static String resource(String name) throws IOException {
    try (InputStream stream = Navigation.class.getResourceAsStream(name)) {
      if (stream == null) {
        throw new IOException("the resource " + name + " is missing");
      }
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
