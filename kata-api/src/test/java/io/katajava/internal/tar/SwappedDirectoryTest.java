package io.katajava.internal.tar;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ContainerFiles.Links;
import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.OpenDirectory;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While trees are copied, somebody else turns a directory in them into a link and back. */
class SwappedDirectoryTest {
  private static final int COPIES = 1500;
  private static final int SWAPS = 1000;
  private static final String SECRET = "secret of the host";

  @TempDir Path directory;
  private final AtomicBoolean ended = new AtomicBoolean();
  private final AtomicInteger swaps = new AtomicInteger();
  private Path tree;
  private Path outside;
  private Thread swapper;

  @BeforeEach
  void startSwapping() throws IOException {
    tree = Files.createDirectory(directory.resolve("tree"));
    outside = Files.createDirectory(directory.resolve("outside"));
    Files.writeString(outside.resolve("f"), SECRET);
    Files.writeString(Files.createDirectories(tree.resolve("d")).resolve("f"), "of the tree");
    swapper = new Thread(this::swap, "swapper");
    swapper.start();
  }

  private void swap() {
    Path d = tree.resolve("d");
    Path link = directory.resolve("link");
    Path aside = directory.resolve("aside");
    for (int i = 0; !ended.get(); i++) {
      moved(d, aside);
      try {
        Files.createSymbolicLink(link, outside);
      } catch (IOException e) {
        // The one before is still there: then that one.
        assertThat(link).isSymbolicLink();
      }
      if (moved(link, d)) {
        swaps.incrementAndGet();
      }
      moved(d, directory.resolve("old" + i));
      moved(aside, d);
    }
  }

  /** Not where a copy has made something meanwhile. */
  private static boolean moved(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE);
      return true;
    } catch (IOException e) {
      return false;
    }
  }

  @AfterEach
  void stopSwapping() throws InterruptedException {
    ended.set(true);
    swapper.join();
  }

  /** Until both have had enough turns, however they are scheduled. */
  private boolean goesOn(int copies) {
    assertThat(swapper.isAlive()).isTrue();
    return copies < COPIES || swaps.get() < SWAPS;
  }

  @Test
  void copyIn_readsNothingOutside() throws IOException {
    for (int i = 0; goesOn(i); i++) {
      ByteArrayOutputStream archive = new ByteArrayOutputStream();
      try (OpenDirectory root = OpenDirectory.of(tree)) {
        new HostSource(new TarWriter(archive), true).noting(new HostSnapshot()).pack(root);
      } catch (IOException e) {
        // Refused is as good: the directory was a link by then.
        assertThat(e).hasMessageNotContaining(SECRET);
      }
      assertThat(archive.toString(StandardCharsets.ISO_8859_1)).doesNotContain(SECRET);
    }
  }

  @Test
  void copyOutAndBack_writeAndDeleteNothingOutside() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    TarWriter archive = new TarWriter(bytes);
    archive.entry(new TarEntry(BytePath.of("d"), TarEntry.Type.DIRECTORY, 0700, 0, Instant.EPOCH));
    for (String name : new String[] {"d/f", "d/new"}) {
      archive.entry(new TarEntry(BytePath.of(name), TarEntry.Type.FILE, 0644, 1, Instant.EPOCH));
      archive.content(new ByteArrayInputStream(new byte[] {'x'}), 1);
    }
    archive.finish();
    for (int i = 0; goesOn(i); i++) {
      HostSnapshot before = new HostSnapshot();
      try (OpenDirectory root = OpenDirectory.of(tree)) {
        TarWriter nowhere = new TarWriter(new ByteArrayOutputStream());
        new HostSource(nowhere, true).noting(before).pack(root);
        if (i % 2 == 0) {
          CopyBack back = new CopyBack(root, before);
          back.take(new TarReader(new ByteArrayInputStream(bytes.toByteArray())));
          back.finish();
        } else {
          new HostTree(tree, Links.SKIP)
              .extract(
                  new TarReader(new ByteArrayInputStream(bytes.toByteArray())), BytePath.of(""));
        }
      } catch (IOException e) {
        assertThat(e).hasMessageNotContaining(SECRET);
      }
      assertThat(outside.resolve("f")).hasContent(SECRET);
      assertThat(outside).isDirectoryNotContaining("glob:**/new");
    }
  }
}
