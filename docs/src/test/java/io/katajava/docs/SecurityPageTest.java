package io.katajava.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/security.md claims nothing without a test, and every test it names is there. */
class SecurityPageTest {
  private static final String HEAD = "## Claims";
  private static final Pattern TEST = Pattern.compile("`(\\w+)#(\\w+)`");

  private static final Pattern ANNOTATION =
      Pattern.compile("^ {2,4}@(Test|ParameterizedTest|RepeatedTest|Property)\\b");

  private record Claim(int line, String text, List<String> tests) {}

  /** The items of the lists in the section of the claims; below each item are its tests. */
  private static List<Claim> claims(List<String> page) {
    List<Claim> claims = new ArrayList<>();
    boolean inside = false;
    for (int i = 0; i < page.size(); i++) {
      String line = page.get(i);
      if (line.startsWith("## ")) {
        inside = line.equals(HEAD);
      } else if (inside && line.startsWith("- ")) {
        claims.add(new Claim(i + 1, line, testsBelow(page, i)));
      }
    }
    return claims;
  }

  private static List<String> testsBelow(List<String> page, int item) {
    List<String> tests = new ArrayList<>();
    for (int i = item + 1; i < page.size() && page.get(i).startsWith("  "); i++) {
      TEST.matcher(page.get(i)).results().map(found -> found.group()).forEach(tests::add);
    }
    return tests;
  }

  private static List<String> page() throws IOException {
    return Files.readAllLines(SourceTree.ROOT.resolve("docs/security.md"));
  }

  private static Map<String, Path> testClasses() throws IOException {
    Map<String, Path> classes = new HashMap<>();
    List<Path> modules;
    try (Stream<Path> entries = Files.list(SourceTree.ROOT)) {
      modules =
          entries
              .map(module -> module.resolve("src/test/java"))
              .filter(Files::isDirectory)
              .toList();
    }
    for (Path module : modules) {
      try (Stream<Path> files = Files.walk(module)) {
        files
            .filter(file -> file.toString().endsWith(".java"))
            .forEach(
                file -> classes.put(String.valueOf(file.getFileName()).replace(".java", ""), file));
      }
    }
    return classes;
  }

  /** Why a name such as {@code `LedgerTest#sweep_…`} names no test; empty when it does. */
  private static String missing(String name, Map<String, Path> classes) throws IOException {
    String[] parts = name.replace("`", "").split("#", -1);
    Path file = classes.get(parts[0]);
    if (file == null) {
      return "there is no class " + parts[0];
    }
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).contains(" " + parts[1] + "(")) {
        // Its annotations are above it, up to the empty line between members.
        for (int above = i - 1; above > 0 && !lines.get(above).isBlank(); above--) {
          if (ANNOTATION.matcher(lines.get(above)).find()) {
            return "";
          }
        }
      }
    }
    return parts[0] + " has no test " + parts[1];
  }

  @Test
  void claims_haveATestEach() throws IOException {
    assertThat(claims(page()))
        .hasSizeGreaterThan(20)
        .allSatisfy(claim -> assertThat(claim.tests()).as(claim.toString()).isNotEmpty());
  }

  @Test
  void tests_thatAreNamed_areThere() throws IOException {
    Map<String, Path> classes = testClasses();
    List<String> missing = new ArrayList<>();
    for (String name :
        TEST.matcher(String.join("\n", page())).results().map(found -> found.group()).toList()) {
      String why = missing(name, classes);
      if (!why.isEmpty()) {
        missing.add(why);
      }
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void check_claimWithoutTestOrTestThatIsNone_isFound() throws IOException {
    assertThat(claims(List.of(HEAD, "- a", "- b", "  c", "  - `A#c`", "  - `A#d`", "## E", "- f")))
        .extracting(claim -> claim.tests().size())
        .containsExactly(0, 2);
    Map<String, Path> classes = testClasses();
    assertThat(missing("`NoSuchTest#any`", classes)).isEqualTo("there is no class NoSuchTest");
    assertThat(missing("`SecurityPageTest#claims`", classes)).contains("has no test claims");
    assertThat(missing("`SecurityPageTest#claims_haveATestEach`", classes)).isEmpty();
  }
}
