package io.katajava.cli;

import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Turns the AsciiDoc that picocli writes, which uses little of the language, into roff. */
final class Roff {
  private static final Pattern TITLE = Pattern.compile("^= (\\S+)\\((\\d)\\)$");
  private static final Pattern SECTION = Pattern.compile("^== +(.*?):?$");
  private static final Pattern LINK = Pattern.compile("xref:([\\w-]+)\\.adoc\\[\\*?([\\w-]+)\\*?]");

  /** What is left of the language would be printed as it is. */
  private static final Pattern UNKNOWN = Pattern.compile("\\{[a-z-]+}|pass:|\\+\\+\\+|link:");

  private final String version;
  private final StringBuilder out = new StringBuilder();
  private boolean inTerm;

  Roff(String version) {
    this.version = version;
  }

  String page(String asciidoc, List<String> footer) {
    for (String line : asciidoc.split("\n", -1)) {
      if (!line.startsWith("//") && !line.matches(":[a-z-]+:.*")) {
        line(line.stripTrailing());
      }
    }
    footer(footer);
    return out.toString();
  }

  private void line(String line) {
    Matcher title = TITLE.matcher(line);
    Matcher section = SECTION.matcher(line);
    if (line.isEmpty()) {
      inTerm = false;
    } else if (title.matches()) {
      request(
          String.format(
              ".TH \"%s\" \"%s\" \"\" \"kata-java %s\" \"Kata Manual\"",
              escaped(title.group(1).toUpperCase(Locale.ROOT)), title.group(2), version));
    } else if (section.matches()) {
      request(".SH \"" + section.group(1).toUpperCase(Locale.ROOT) + "\"");
    } else if (line.endsWith("::")) {
      request(".TP");
      request(text(line.substring(0, line.length() - 2)));
      inTerm = true;
    } else if (line.startsWith("  ") && inTerm) {
      request(text(line.strip()));
    } else {
      request(".PP");
      request(text(line.strip()));
    }
  }

  /** Prose until the line "Examples:", then the examples as they are. */
  private void footer(List<String> lines) {
    boolean examples = false;
    boolean prose = false;
    for (String line : lines) {
      if (line.equals("Examples:")) {
        request(".SH \"EXAMPLES\"");
        request(".nf");
        examples = true;
      } else if (examples) {
        request(guarded(escaped(line.strip())));
      } else if (!line.isBlank()) {
        if (!prose) {
          request(".SH \"NOTES\"");
          prose = true;
        }
        request(guarded(escaped(line)));
      }
    }
    if (examples) {
      request(".fi");
    }
  }

  private void request(String line) {
    out.append(line).append('\n');
  }

  private static String text(String asciidoc) {
    Matcher unknown = UNKNOWN.matcher(asciidoc);
    if (unknown.find()) {
      throw new IllegalStateException("no roff for '" + unknown.group() + "' in: " + asciidoc);
    }
    String linked = LINK.matcher(asciidoc).replaceAll("*$1*(1)");
    return guarded(
        escaped(linked)
            .replaceAll("(?<![\\w*])\\*([^*\\s](?:[^*]*[^*\\s])?)\\*(?!\\w)", "\\\\fB$1\\\\fR")
            .replaceAll("(?<![\\w_])_([^_\\s](?:[^_]*[^_\\s])?)_(?!\\w)", "\\\\fI$1\\\\fR"));
  }

  private static String escaped(String text) {
    return text.replace("\\", "\\e").replace("-", "\\-");
  }

  /** A line that begins with a control character is no request. */
  private static String guarded(String line) {
    return line.startsWith(".") || line.startsWith("'") ? "\\&" + line : line;
  }
}
