package io.katajava.docs;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Turns the links of a Markdown file, which are right in the source tree, into the site's. */
final class LinkTargets {
  private static final String SOURCES = "https://github.com/katajava/kata-java/blob/main/";

  private final Path root;
  private final List<String> pages;

  LinkTargets(Path root, List<String> pages) {
    this.root = root;
    this.pages = pages;
  }

  /**
   * The site's form of a link.
   *
   * @param file where the link is, relative to the project's root
   * @param target as written
   * @throws BrokenLinkException if it is relative and there is nothing
   */
  String resolve(String file, String target) throws BrokenLinkException {
    if (target.startsWith("#") || target.contains("://") || target.startsWith("mailto:")) {
      return target;
    }
    int hash = target.indexOf('#');
    String path = hash < 0 ? target : target.substring(0, hash);
    String anchor = hash < 0 ? "" : target.substring(hash);
    Path base = root.resolve(file).getParent();
    Path found = (base == null ? root : base).resolve(path).normalize();
    String relative = root.relativize(found).toString();
    if (pages.contains(relative)) {
      return Navigation.pageOf(relative) + anchor;
    }
    if (!found.startsWith(root) || !Files.exists(found)) {
      throw new BrokenLinkException(file + ": " + target + " leads nowhere");
    }
    if (relative.startsWith("docs/pictures/")) {
      return relative.substring("docs/".length());
    }
    return SOURCES + relative + anchor;
  }

  /** A relative link without its file. */
  static final class BrokenLinkException extends Exception {
    BrokenLinkException(String message) {
      super(message);
    }
  }
}
