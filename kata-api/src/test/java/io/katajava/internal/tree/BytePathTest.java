package io.katajava.internal.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Paths that need not be text. */
class BytePathTest {
  @Test
  void parts_areTheNamesAlone() {
    assertThat(BytePath.of("./a//b/./c/").parts())
        .containsExactly(BytePath.of("a"), BytePath.of("b"), BytePath.of("c"));
    assertThat(BytePath.of(".").parts()).isEmpty();
    assertThat(BytePath.of(BytePath.of("./a/.b/..c").parts())).isEqualTo(BytePath.of("a/.b/..c"));
  }

  @Test
  void bytesThatAreNoText_stayAndAreShownEscaped() {
    byte[] bytes = {'l', (byte) 0xe9, '/', 0x1b, (byte) 0xc3, (byte) 0xa9};

    assertThat(BytePath.of(bytes).bytes()).isEqualTo(bytes);
    assertThat(BytePath.of(bytes)).hasToString("l\\xe9/\\x1b\u00e9");
    assertThat(BytePath.of(bytes)).isNotEqualTo(BytePath.of("l\ufffd/\u001b\u00e9"));
  }

  @Test
  void pathOfTheJdk_hasTheSameBytes() {
    assertThat(BytePath.of(Path.of("/a b%41?#/c"))).isEqualTo(BytePath.of("/a b%41?#/c"));
    assertThat(BytePath.of(Path.of("/"))).isEqualTo(BytePath.of("/"));
    assertThat(BytePath.of(Path.of("/tmp"))).isEqualTo(BytePath.of("/tmp"));
  }
}
