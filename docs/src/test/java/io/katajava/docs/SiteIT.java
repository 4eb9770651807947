package io.katajava.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The site as the build made it. */
class SiteIT {
  private static final Path SITE = Path.of(System.getProperty("kata.site"));

  @Test
  void links_ofTheWholeSite_leadSomewhere() throws IOException {
    SiteLinks links = new SiteLinks(SITE);
    assertThat(links.count()).isGreaterThan(500);
    assertThat(links.broken()).isEmpty();
  }

  @Test
  void licences_haveJarsAndCratesWithTheirs() throws IOException {
    Licences licences = Licences.read(Path.of(System.getProperty("kata.licences")));
    assertThat(licences.jars())
        .extracting(Licences.Entry::name)
        .contains("com.google.protobuf:protobuf-java", "net.java.dev.jna:jna", "org.tomlj:tomlj")
        .noneMatch(name -> name.contains("kotlin") || name.startsWith("io.katajava"));
    assertThat(licences.crates())
        .extracting(Licences.Entry::name)
        .contains("libc", "nix", "prost")
        .doesNotContain("syn", "kata-agent");
    assertThat(licences.crates())
        .allSatisfy(crate -> assertThat(crate.licence()).containsAnyOf("MIT", "Apache-2.0"));
  }

  @Test
  void commands_haveTheirHelp() throws IOException {
    assertThat(Files.readString(SITE.resolve("cli-reference.html")))
        .contains("Usage: kata run", "Usage: kata bench start");
  }

  @Test
  void javadoc_hasThePublicPackagesOfAllModulesAndNoOthers() throws IOException {
    List<String> packages = Files.readAllLines(SITE.resolve("apidocs/element-list"));
    assertThat(packages)
        .contains(
            "io.katajava",
            "io.katajava.agent",
            "io.katajava.config",
            "io.katajava.guest",
            "io.katajava.image",
            "io.katajava.opentelemetry",
            "io.katajava.qemu",
            "io.katajava.qmp",
            "io.katajava.spi")
        .noneMatch(name -> name.contains("internal"));
  }
}
