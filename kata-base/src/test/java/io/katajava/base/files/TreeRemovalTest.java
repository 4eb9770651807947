package io.katajava.base.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TreeRemovalTest {
  @TempDir Path directory;

  @Test
  void tree_isRemoved_andLinksAreNotFollowed() throws IOException {
    Path precious = Files.createDirectories(directory.resolve("outside/precious"));
    Path tree = Files.createDirectories(directory.resolve("tree/a/b"));
    Files.writeString(tree.resolve("file"), "x");
    Files.createSymbolicLink(tree.resolve("link"), precious.getParent());
    Files.createSymbolicLink(directory.resolve("tree/broken"), Path.of("nowhere"));

    TreeRemoval.of(directory.resolve("tree"));

    assertThat(directory.resolve("tree")).doesNotExist();
    assertThat(precious).isDirectory();
  }

  @Test
  void missingOrAFileOrALink_isGoneAfterwards() throws IOException {
    Path precious = Files.createDirectories(directory.resolve("outside/precious"));
    TreeRemoval.of(directory.resolve("missing"));
    TreeRemoval.of(directory.resolve("missing/below"));
    TreeRemoval.of(Files.createFile(directory.resolve("file")));
    TreeRemoval.of(Files.createSymbolicLink(directory.resolve("link"), precious.getParent()));

    assertThat(directory.resolve("file")).doesNotExist();
    assertThat(directory.resolve("link")).doesNotExist();
    assertThat(precious).isDirectory();
    assertThatThrownBy(() -> TreeRemoval.of(Path.of("/"))).isInstanceOf(IOException.class);
  }

  /** As a hypervisor's process could, whose directory is removed by root. */
  @Test
  void directoriesThatBecomeLinksMeanwhile_leadNowhere() throws Exception {
    Path outside = Files.createDirectories(directory.resolve("outside"));
    Path place = directory.resolve("tree/swapped");
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Void> swapping =
        CompletableFuture.runAsync(
            () -> {
              while (!done.get()) {
                try {
                  Files.deleteIfExists(place);
                  Files.createSymbolicLink(place, outside);
                  Files.deleteIfExists(place);
                  Files.createDirectory(place);
                } catch (IOException e) {
                  // The other side was faster.
                  Thread.onSpinWait();
                }
              }
            });
    try {
      for (int i = 0; i < 2000; i++) {
        Path precious = outside.resolve("precious");
        Files.writeString(precious, "x");
        Files.createDirectories(directory.resolve("tree"));
        try {
          TreeRemoval.of(directory.resolve("tree"));
        } catch (NoSuchFileException e) {
          throw e;
        } catch (IOException e) {
          // Something new in it: that is told, and the next attempt takes it.
          assertThat(e).isNotNull();
        }
        assertThat(precious).exists();
      }
    } finally {
      done.set(true);
      swapping.join();
    }
  }
}
