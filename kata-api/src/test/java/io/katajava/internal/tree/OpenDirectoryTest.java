package io.katajava.internal.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A directory held by its descriptor. */
class OpenDirectoryTest {
  private static final BytePath LINK = BytePath.of("link");

  @TempDir Path directory;
  private Path tree;
  private Path outside;

  @BeforeEach
  void makeTree() throws IOException {
    tree = Files.createDirectory(directory.resolve("tree"));
    outside = Files.createDirectory(directory.resolve("outside"));
    Files.writeString(outside.resolve("f"), "outside");
  }

  @Test
  void link_isNeverOpenedButAsALink() throws IOException {
    Files.createSymbolicLink(tree.resolve("link"), outside);
    Files.createSymbolicLink(tree.resolve("to-file"), outside.resolve("f"));
    try (OpenDirectory open = OpenDirectory.of(tree);
        TreePlace place = new TreePlace(open)) {
      assertThatThrownBy(() -> open.directory(LINK)).isInstanceOf(FileCallException.class);
      BytePath file = BytePath.of("to-file");
      assertThatThrownBy(() -> open.file(file)).isInstanceOf(FileCallException.class);
      assertThatThrownBy(() -> open.fileToChange(file)).isInstanceOf(FileCallException.class);
      assertThatThrownBy(() -> open.makeFile(file)).isInstanceOf(FileCallException.class);
      try (OpenFile handle = open.handle(file)) {
        assertThat(handle.status().kind()).isEqualTo(FileStatus.Kind.LINK);
      }
      assertThat(place.find(List.of(LINK))).isNull();
      assertThatThrownBy(() -> place.make(List.of(LINK, BytePath.of("new"))))
          .hasMessageContaining("not written through");
      assertThat(open.readLink(LINK)).isEqualTo(BytePath.of(outside));
    }
    assertThat(outside).isDirectoryNotContaining("glob:**/new");
  }

  @Test
  void nameThatIsNone_isRefusedBeforeAnythingIsAsked() throws IOException {
    try (OpenDirectory open = OpenDirectory.of(tree)) {
      for (String name : new String[] {"..", "", "a/b", "/", "../outside", "a\0b"}) {
        assertThatThrownBy(() -> open.find(BytePath.of(name)))
            .isInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  @Test
  void whatIsOpen_staysTheSameWhateverGetsItsName() throws IOException {
    try (OpenDirectory open = OpenDirectory.of(tree)) {
      FileStatus before = open.status();
      Files.move(tree, directory.resolve("moved"));
      Files.createSymbolicLink(tree, outside);

      open.makeDirectory(BytePath.of("new"), 0700);

      assertThat(open.status().identity()).isEqualTo(before.identity());
      assertThat(directory.resolve("moved/new")).isDirectory();
      assertThat(outside.resolve("new")).doesNotExist();
      try (OpenDirectory other = OpenDirectory.of(tree)) {
        assertThat(other.status().identity()).isNotEqualTo(before.identity());
      }
    }
  }

  @Test
  void namesThatAreNoText_areListedAndReached() throws IOException {
    BytePath name = BytePath.of(new byte[] {'l', (byte) 0xe9});
    try (OpenDirectory open = OpenDirectory.of(tree)) {
      open.makeFile(name).close();

      assertThat(open.names()).containsExactly(name);
      assertThat(open.find(name)).isNotNull();
      open.remove(name);
      assertThat(open.names()).isEmpty();
    }
  }

  @Test
  void draft_thatIsNeverWhole_leavesNothing() throws IOException {
    Files.writeString(tree.resolve("f"), "old");
    try (OpenDirectory open = OpenDirectory.of(tree)) {
      try (Draft draft = Draft.of(open)) {
        draft.file().write(new byte[] {1}, 0);
      }
      assertThat(open.names()).containsExactly(BytePath.of("f"));
      try (Draft draft = Draft.of(open)) {
        draft.file().write("new".getBytes(java.nio.charset.StandardCharsets.US_ASCII), 0);
        draft.take(BytePath.of("f"));
      }
      assertThat(open.names()).containsExactly(BytePath.of("f"));
    }
    assertThat(tree.resolve("f")).hasContent("new");
  }
}
