package io.katajava.docs;

import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Looks where the links of a directory of HTML pages lead: files and anchors; URLs by syntax. */
final class SiteLinks {
  private static final Pattern LINK = Pattern.compile("(?:href|src)=\"([^\"]*)\"");
  private static final Pattern ANCHOR = Pattern.compile("id=\"([^\"]*)\"");

  private final Path site;

  SiteLinks(Path site) {
    this.site = site;
  }

  private List<Path> pages() throws IOException {
    try (Stream<Path> files = Files.list(site)) {
      return files.filter(file -> file.toString().endsWith(".html")).sorted().toList();
    }
  }

  /** How many links there are. */
  int count() throws IOException {
    int count = 0;
    for (Path page : pages()) {
      count += (int) LINK.matcher(Files.readString(page)).results().count();
    }
    return count;
  }

  /** Those that lead nowhere, as {@code page: link: why}. */
  List<String> broken() throws IOException {
    List<String> broken = new ArrayList<>();
    for (Path page : pages()) {
      Matcher links = LINK.matcher(Files.readString(page));
      while (links.find()) {
        String why = problem(page, links.group(1).replace("&amp;", "&"));
        if (!why.isEmpty()) {
          broken.add(page.getFileName() + ": " + links.group(1) + ": " + why);
        }
      }
    }
    return broken;
  }

  private String problem(Path page, String link) throws IOException {
    URI uri;
    try {
      uri = new URI(link);
    } catch (URISyntaxException e) {
      return "no URI: " + e.getReason();
    }
    if (uri.isAbsolute()) {
      return "https".equals(uri.getScheme()) && uri.getHost() != null ? "" : "no https URL";
    }
    Path target = link.startsWith("#") ? page : site.resolve(uri.getPath()).normalize();
    if (!target.startsWith(site) || !Files.isRegularFile(target)) {
      return "no such file";
    }
    String anchor = uri.getFragment();
    return anchor == null || anchors(target).contains(anchor) ? "" : "no such heading";
  }

  private static Set<String> anchors(Path page) throws IOException {
    Set<String> anchors = new HashSet<>();
    Matcher matcher = ANCHOR.matcher(Files.readString(page));
    while (matcher.find()) {
      anchors.add(matcher.group(1));
    }
    return anchors;
  }
}
