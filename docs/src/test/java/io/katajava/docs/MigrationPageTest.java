package io.katajava.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/testcontainers.md shows a test as it was, and all that was changed to make the example. */
class MigrationPageTest {
  private static final String EXAMPLE =
      "examples/testcontainers/src/test/java/io/katajava/examples/testcontainers/PriceListIT.java";

  private static List<String> block(String page, String language) {
    Matcher block =
        Pattern.compile("^```" + language + "\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE)
            .matcher(page);
    assertThat(block.find()).as(language).isTrue();
    return block.group(1).lines().toList();
  }

  @Test
  void changes_ofTheTestBefore_makeTheExample() throws IOException {
    String page = Files.readString(SourceTree.ROOT.resolve("docs/testcontainers.md"));
    List<String> changed = new ArrayList<>(block(page, "java"));
    for (String change : block(page, "diff")) {
      if (change.startsWith("+")) {
        changed.add(change.substring(1));
      } else {
        assertThat(changed.remove(change.substring(1))).as(change).isTrue();
      }
    }
    assertThat(changed)
        .containsExactlyInAnyOrderElementsOf(Files.readAllLines(SourceTree.ROOT.resolve(EXAMPLE)));
  }
}
