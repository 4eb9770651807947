package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DebugArchiveTest {
  @TempDir Path directory;

  static Map<String, String> read(Path archive) throws IOException {
    Map<String, String> texts = new LinkedHashMap<>();
    try (TarArchiveInputStream tar =
        new TarArchiveInputStream(new GZIPInputStream(Files.newInputStream(archive)))) {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        assertThat(entry.getMode() & 0777).isEqualTo(0600);
        texts.put(
            entry.getName().substring(entry.getName().indexOf('/') + 1),
            new String(tar.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
    return texts;
  }

  @Test
  void archive_isRedactedAndForItsOwnerAlone() throws IOException {
    Path target = directory.resolve("a.tar.gz");
    try (DebugArchive archive =
        new DebugArchive(target, "top", new Redactor(Map.of("MY_TOKEN", "s3cr3t-value")))) {
      archive.add("x/y.txt", "token = \"abc\"\nseen s3cr3t-value here\n");
      archive.publish();
    }

    assertThat(read(target))
        .isEqualTo(Map.of("x/y.txt", "token = \"<redacted>\"\nseen <redacted> here\n"));
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(target)))
        .isEqualTo("rw-------");
    assertThat(directory.toFile().list()).containsExactly("a.tar.gz");
  }

  @Test
  void archive_thatIsNotFinished_leavesNothing() throws IOException {
    try (DebugArchive archive =
        new DebugArchive(directory.resolve("a.tar.gz"), "top", new Redactor(Map.of()))) {
      archive.add("x", "y");
      // Nor would a process that is killed now.
      assertThat(directory).isEmptyDirectory();
    }

    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void archive_whereNothingCanBeWritten_failsAtOnce() {
    assertThatThrownBy(
            () ->
                new DebugArchive(
                    directory.resolve("no/such/a.tar.gz"), "top", new Redactor(Map.of())))
        .isInstanceOf(IOException.class);
  }
}
