package io.katajava.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteTest {
  private static final Pattern MODULE = Pattern.compile("<artifactId>(kata-[a-z-]+)</artifactId>");

  @TempDir Path directory;

  @Test
  void everyPage_isInTheNavigationOnce() throws IOException {
    List<String> files = Navigation.read().files();
    assertThat(files).doesNotHaveDuplicates();
    try (Stream<Path> documents = Files.list(SourceTree.ROOT.resolve("docs"))) {
      assertThat(documents.map(file -> SourceTree.ROOT.relativize(file).toString()))
          .filteredOn(name -> name.endsWith(".md"))
          .isSubsetOf(files);
    }
  }

  @Test
  void everyPublishedModule_isInTheJavadoc() throws IOException {
    String versions = Files.readString(SourceTree.ROOT.resolve("kata-bom/pom.xml"));
    String build = Files.readString(SourceTree.ROOT.resolve("docs/pom.xml"));
    assertThat(MODULE.matcher(versions).results().map(found -> found.group(1)).distinct())
        .isNotEmpty()
        .filteredOn(module -> Files.isDirectory(SourceTree.ROOT.resolve(module + "/src/main/java")))
        .allSatisfy(module -> assertThat(build).contains("../" + module + "/src/main/java"));
  }

  @Test
  void links_ofTheSources_leadSomewhere() throws IOException {
    SiteBuilder builder =
        new SiteBuilder(
            SourceTree.ROOT,
            Navigation.read(),
            Map.of(Licences.PAGE, "# Licences", SiteBuilder.CLI_REFERENCE, "# Options"));
    assertThat(builder.build(directory)).isEmpty();
  }

  @Test
  void links_missingFileOrHeading_areFound() throws IOException {
    Files.createDirectories(directory.resolve("docs/pictures"));
    Files.writeString(directory.resolve("README.md"), "# A\n[there](docs/there.md#no-such)\n");
    Files.writeString(
        directory.resolve("docs/there.md"),
        "# B & C\n[gone](gone.md) [back](../README.md#a) [out](../../etc) [bad](http://x/)\n");
    Navigation navigation = new Navigation(Map.of("All", List.of("README.md", "docs/there.md")));
    Path site = directory.resolve("site");

    assertThat(new SiteBuilder(directory, navigation, Map.of()).build(site))
        .containsExactly(
            "docs/there.md: gone.md leads nowhere", "docs/there.md: ../../etc leads nowhere");
    assertThat(new SiteLinks(site).broken())
        .contains(
            "index.html: there.html#no-such: no such heading",
            "there.html: http://x/: no https URL")
        .noneMatch(problem -> problem.contains("index.html#a"));
    assertThat(Files.readString(site.resolve("there.html"))).contains("B &amp; C · kata-java");
  }

  @Test
  void pictures_areSelfContainedAndKnowBothColourSchemes() throws Exception {
    try (Stream<Path> pictures = Files.list(SourceTree.ROOT.resolve("docs/pictures"))) {
      for (Path picture : pictures.toList()) {
        DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().parse(picture.toFile());
        assertThat(Files.readString(picture))
            .as(picture.toString())
            .contains("<title>", "prefers-color-scheme: dark")
            .doesNotContain("href=");
      }
    }
  }
}
