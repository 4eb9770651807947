package io.katajava.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
  private static final String HEX = "0123456789abcdef".repeat(4);

  @ParameterizedTest
  @CsvSource({
    "busybox, docker.io/library/busybox:latest, busybox:latest",
    "redis:7, docker.io/library/redis:7, redis:7",
    "team/app, docker.io/team/app:latest, team/app:latest",
    "docker.io/busybox, docker.io/library/busybox:latest, busybox:latest",
    "index.docker.io/library/busybox, docker.io/library/busybox:latest, busybox:latest",
    "localhost/app, localhost/app:latest, localhost/app:latest",
    "localhost:5000/app:1, localhost:5000/app:1, localhost:5000/app:1",
    "example.org/a/b/c:x.Y_z-1, example.org/a/b/c:x.Y_z-1, example.org/a/b/c:x.Y_z-1",
    "[::1]:5000/app, [::1]:5000/app:latest, [::1]:5000/app:latest",
    "Example/app, Example/app:latest, Example/app:latest",
    "docker.io/library/a/b, docker.io/library/a/b:latest, library/a/b:latest",
  })
  void parse_name_isFilledInAsDockerDoes(String text, String full, String familiar) {
    ImageReference reference = ImageReference.parse(text);
    assertThat(reference).hasToString(full);
    assertThat(reference.familiar()).isEqualTo(familiar);
  }

  @Test
  void parse_digest_needsNoTag() {
    ImageReference reference = ImageReference.parse("busybox@sha256:" + HEX);
    assertThat(reference.tag()).isEmpty();
    assertThat(reference).hasToString("docker.io/library/busybox@sha256:" + HEX);
    assertThat(ImageReference.parse("busybox:1@sha256:" + HEX).tag()).contains("1");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":tag",
        "Busybox",
        "a//b",
        "a/",
        "/a",
        "a:",
        "a:.x",
        "a b",
        "a@sha256:12",
        "a@md5:0123",
        "a___b",
        "-a",
        "a-",
        "ex ample.org/a",
        "example.org:port/a",
        "a:tag:tag",
        "../../etc/passwd",
        "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
      })
  void parse_malformed_isRefused(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageReference.parse(text))
        .withMessageContaining("is not an image reference");
  }

  @Test
  void parse_longName_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> ImageReference.parse("a/" + "b".repeat(255)))
        .withMessageContaining("255");
  }

  @Property
  void parse_whatIsWritten_isRead(@ForAll("references") ImageReference reference) {
    assertThat(ImageReference.parse(reference.toString())).isEqualTo(reference);
    assertThat(ImageReference.parse(reference.familiar())).isEqualTo(reference);
  }

  @Property
  void parse_anyText_isReadOrRefused(@ForAll String text) {
    try {
      ImageReference reference = ImageReference.parse(text);
      assertThat(ImageReference.parse(reference.toString())).isEqualTo(reference);
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("is not an image reference");
    }
  }

  @Provide
  Arbitrary<ImageReference> references() {
    Arbitrary<String> host =
        Arbitraries.of("docker.io", "localhost", "localhost:5000", "a.example:443", "127.0.0.1:1");
    Arbitrary<String> part =
        Arbitraries.strings().withCharRange('a', 'z').numeric().ofMinLength(1).ofMaxLength(8);
    Arbitrary<String> repository =
        part.list().ofMinSize(1).ofMaxSize(3).map(parts -> String.join("/", parts));
    Arbitrary<String> tag =
        Arbitraries.strings().alpha().numeric().withChars("_").ofMinLength(1).ofMaxLength(20);
    Arbitrary<Boolean> digest = Arbitraries.of(true, false);
    return net.jqwik.api.Combinators.combine(host, repository, tag, digest)
        .as(
            (h, r, t, d) ->
                ImageReference.parse(h + "/" + r + ":" + t + (d ? "@sha256:" + HEX : "")));
  }
}
