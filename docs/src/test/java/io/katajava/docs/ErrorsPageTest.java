package io.katajava.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ErrorCode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** docs/errors.md follows the enum: the same codes in the same order, in its Javadoc's words. */
class ErrorsPageTest {
  private static final Pattern ROW =
      Pattern.compile("^- `([A-Z_]+)`: (.+)\\.\\n  - (.+)$", Pattern.MULTILINE);
  private static final Pattern CONSTANT =
      Pattern.compile("/\\*\\* ([^{]+?)\\. \\*/\\s+([A-Z_]+)[,;\\s]", Pattern.DOTALL);

  private static List<MatchResult> rows() throws IOException {
    return ROW.matcher(Files.readString(SourceTree.ROOT.resolve("docs/errors.md")))
        .results()
        .toList();
  }

  @Test
  void codes_areThoseOfTheEnumInItsOrder() throws IOException {
    assertThat(rows())
        .extracting(row -> row.group(1))
        .containsExactlyElementsOf(Stream.of(ErrorCode.values()).map(Enum::name).toList());
  }

  @Test
  void meanings_areTheWordsOfTheJavadoc() throws IOException {
    Matcher constants =
        CONSTANT.matcher(
            Files.readString(
                SourceTree.ROOT.resolve("kata-api/src/main/java/io/katajava/ErrorCode.java")));
    Map<String, String> documented =
        constants
            .results()
            .collect(
                Collectors.toMap(
                    constant -> constant.group(2),
                    constant -> constant.group(1).replaceAll("\\s+\\*?\\s*", " ")));
    assertThat(rows().stream().collect(Collectors.toMap(row -> row.group(1), row -> row.group(2))))
        .isEqualTo(documented);
  }
}
