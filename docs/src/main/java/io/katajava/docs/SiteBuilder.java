package io.katajava.docs;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.commonmark.node.Text;
import org.commonmark.renderer.html.HtmlRenderer;

/** Writes the site: a page for each Markdown file of the navigation, the pictures, a style. */
public final class SiteBuilder {
  /** The page with the help of all commands, which the build of the command makes. */
  public static final String CLI_REFERENCE = "docs/cli-reference.md";

  private final Path root;
  private final Navigation navigation;
  private final Map<String, String> made;

  /**
   * A builder.
   *
   * @param root of the project
   * @param navigation the site's pages
   * @param made Markdown of pages that are no files, by their names in the navigation
   */
  public SiteBuilder(Path root, Navigation navigation, Map<String, String> made) {
    this.root = root.toAbsolutePath().normalize();
    this.navigation = navigation;
    this.made = Map.copyOf(made);
  }

  /**
   * Builds the site of a source tree.
   *
   * @param arguments root of the project, directory of the licences, file with the help of all
   *     commands, directory of the site
   * @throws IOException if something cannot be read or written, or a link leads nowhere
   */
  public static void main(String[] arguments) throws IOException {
    Licences licences = Licences.read(Path.of(arguments[1]));
    SiteBuilder builder =
        new SiteBuilder(
            Path.of(arguments[0]),
            Navigation.read(),
            Map.of(
                Licences.PAGE,
                licences.toMarkdown(),
                CLI_REFERENCE,
                Files.readString(Path.of(arguments[2]))));
    List<String> broken = builder.build(Path.of(arguments[3]));
    if (!broken.isEmpty()) {
      throw new IOException("the documentation has broken links:\n" + String.join("\n", broken));
    }
  }

  /**
   * Writes the site.
   *
   * @param site directory; made if it is missing
   * @return links that lead nowhere, with the files they are in
   * @throws IOException if something cannot be read or written
   */
  public List<String> build(Path site) throws IOException {
    Files.createDirectories(site);
    PageRenderer renderer = new PageRenderer(new LinkTargets(root, navigation.files()));
    Map<String, PageRenderer.Page> pages = new LinkedHashMap<>();
    List<String> broken = new ArrayList<>();
    for (String file : navigation.files()) {
      String given = made.get(file);
      String markdown = given == null ? Files.readString(root.resolve(file)) : given;
      PageRenderer.Page page = renderer.render(file, markdown);
      broken.addAll(page.broken());
      pages.put(file, page);
    }
    String frame = Navigation.resource("page.html");
    for (Map.Entry<String, PageRenderer.Page> entry : pages.entrySet()) {
      String html =
          frame
              .replace("{title}", escape(entry.getValue().title()))
              .replace("{navigation}", list(pages, entry.getKey()))
              .replace("{body}", entry.getValue().body());
      Files.writeString(site.resolve(Navigation.pageOf(entry.getKey())), html);
    }
    Files.writeString(site.resolve("site.css"), Navigation.resource("site.css"));
    copyPictures(site.resolve("pictures"));
    return List.copyOf(broken);
  }

  private String list(Map<String, PageRenderer.Page> pages, String current) {
    StringBuilder html = new StringBuilder();
    navigation
        .groups()
        .forEach(
            (group, files) -> {
              html.append("<h2>").append(escape(group)).append("</h2>\n<ul>\n");
              for (String file : files) {
                PageRenderer.Page page = pages.get(file);
                html.append("<li><a href=\"").append(Navigation.pageOf(file)).append('"');
                html.append(file.equals(current) ? " aria-current=\"page\">" : ">");
                html.append(escape(page == null ? file : page.title())).append("</a></li>\n");
              }
              html.append("</ul>\n");
            });
    return html.toString();
  }

  private void copyPictures(Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> pictures = Files.list(root.resolve("docs/pictures"))) {
      for (Path picture : pictures.toList()) {
        Files.writeString(to.resolve(picture.getFileName()), Files.readString(picture));
      }
    }
  }

  private static String escape(String text) {
    return HtmlRenderer.builder().build().render(new Text(text));
  }
}
