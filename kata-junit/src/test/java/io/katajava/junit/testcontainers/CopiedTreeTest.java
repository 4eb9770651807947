package io.katajava.junit.testcontainers;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.testcontainers.utility.MountableFile;

/** Permissions that Testcontainers' users force upon trees. */
class CopiedTreeTest {
  @TempDir Path directory;
  private Path tree;

  @BeforeEach
  void make() throws Exception {
    tree = Files.createDirectories(directory.resolve("tree"));
    Files.createDirectory(tree.resolve("sub"));
    file("run.sh", "rw-r--r--");
    file("sub/tool", "rwxr-xr-x");
    Files.createSymbolicLink(tree.resolve("link"), Path.of("run.sh"));
    Files.createSymbolicLink(tree.resolve("out"), Path.of("/etc/hostname"));
    for (Path one : List.of(tree, tree.resolve("sub"))) {
      Files.setPosixFilePermissions(one, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private void file(String name, String permissions) throws Exception {
    Path file = Files.writeString(tree.resolve(name), "in " + name);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
  }

  @Test
  void mode_thatWasForced_isFound_alsoWhereTheDirectoryHasIt() throws Exception {
    for (int forced : new int[] {0755, 0644, 0700, 01777}) {
      assertThat(ForcedMode.of(MountableFile.forHostPath(tree, forced))).hasValue(forced);
    }
    assertThat(ForcedMode.of(MountableFile.forHostPath(tree))).isEmpty();
    Path link = Files.createSymbolicLink(directory.resolve("named"), tree);
    assertThat(ForcedMode.of(MountableFile.forHostPath(link, 0711)))
        .isEqualTo(OptionalInt.of(0711));
  }

  @Test
  void tree_isPackedWithItsPermissions_andItsLinks() throws Exception {
    List<String> entries = new ArrayList<>();
    try (PackedTree packed = PackedTree.withPermissions(tree, 0755);
        InputStream bytes = packed.open();
        TarArchiveInputStream archive = new TarArchiveInputStream(bytes)) {
      for (TarArchiveEntry entry = archive.getNextEntry();
          entry != null;
          entry = archive.getNextEntry()) {
        entries.add(
            entry.isSymbolicLink()
                ? entry.getName() + " -> " + entry.getLinkName()
                : entry.getName()
                    + " "
                    + Integer.toOctalString(entry.getMode() & 07777)
                    + " "
                    + new String(archive.readAllBytes(), UTF_8));
      }
    }
    assertThat(entries)
        .containsExactlyInAnyOrder(
            "./ 755 ",
            "./run.sh 755 in run.sh",
            "./sub/ 755 ",
            "./sub/tool 755 in sub/tool",
            "./link -> run.sh",
            "./out -> /etc/hostname");
  }

  @Test
  void packing_thatFails_leavesNoFile() throws Exception {
    Path temporary = Path.of(System.getProperty("java.io.tmpdir"));
    long before = archives(temporary);
    assertThatThrownBy(
            () ->
                PackedTree.of(
                    archive -> {
                      throw new IllegalStateException("as if");
                    }))
        .hasMessage("as if");
    assertThat(archives(temporary)).isEqualTo(before);
  }

  private static long archives(Path temporary) throws Exception {
    try (Stream<Path> files = Files.list(temporary)) {
      return files.filter(file -> file.toString().endsWith(".tar")).count();
    }
  }
}
