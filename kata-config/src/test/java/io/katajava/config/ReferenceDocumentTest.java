package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ReferenceDocumentTest {

  @Test
  void document_isWhatTheTableSays() throws IOException {
    Path here = Path.of("").toAbsolutePath();
    Path root = here.endsWith("kata-config") ? here.resolveSibling("") : here;

    assertThat(Files.readString(root.resolve("docs").resolve("configuration.md")))
        .as("make it again with: ./kata config keys --markdown > docs/configuration.md")
        .isEqualTo(ConfigurationKeys.toMarkdown());
  }

  @Test
  void document_namesEveryKey() {
    assertThat(ConfigurationKeys.all())
        .allSatisfy(
            key ->
                assertThat(ConfigurationKeys.toMarkdown()).contains("\n- `" + key.name() + "`: "));
  }

  @Test
  void document_hasNoLineThatIsTooWide() {
    assertThat(ConfigurationKeys.toMarkdown().lines()).allMatch(line -> line.length() <= 120);
  }
}
