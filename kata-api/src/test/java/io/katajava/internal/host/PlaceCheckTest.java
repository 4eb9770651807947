package io.katajava.internal.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.HostFinding;
import io.katajava.HostFinding.Status;
import io.katajava.KataDirectories;
import io.katajava.MemorySize;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlaceCheckTest {
  private static final PlaceCheck.Space TMPFS =
      new PlaceCheck.Space("tmpfs", MemorySize.gibibytes(4));

  @TempDir Path directory;

  private HostFinding find(KataDirectories directories, PlaceCheck.Spaces spaces, String name) {
    List<HostFinding> findings = new PlaceCheck(directories, spaces).run();
    return findings.stream().filter(f -> f.name().equals(name)).findFirst().orElseThrow();
  }

  private KataDirectories usual() {
    return new KataDirectories(directory.resolve("run"), directory.resolve("cache"));
  }

  @Test
  void stateDirectory_longestPathThatFits_passes() {
    int room = PlaceCheck.LONGEST_SOCKET_PATH - PlaceCheck.BELOW_STATE;
    Path longest = Path.of("/" + "x".repeat(room - 1));
    Path tooLong = Path.of("/" + "x".repeat(room));

    assertThat(find(new KataDirectories(longest, longest), path -> TMPFS, "socket-paths").status())
        .isEqualTo(Status.PASSED);
    assertThat(find(new KataDirectories(tooLong, tooLong), path -> TMPFS, "socket-paths").status())
        .isEqualTo(Status.FAILED);
  }

  @Test
  void stateDirectory_longerInBytesThanInCharacters_isMeasuredInBytes() {
    Path umlauts = Path.of("/" + "\u00fc".repeat(40));

    assertThat(find(new KataDirectories(umlauts, umlauts), path -> TMPFS, "socket-paths").status())
        .isEqualTo(Status.FAILED);
  }

  @Test
  void templates_notOnTmpfs_warn() {
    HostFinding found =
        find(
            usual(),
            path -> new PlaceCheck.Space("ext4", MemorySize.gibibytes(90)),
            "template-space");

    assertThat(found.status()).isEqualTo(Status.WARNED);
    assertThat(found.reason()).contains("ext4");
  }

  @Test
  void templates_onSmallTmpfs_warn() {
    HostFinding found =
        find(
            usual(),
            path -> new PlaceCheck.Space("tmpfs", MemorySize.mebibytes(200)),
            "template-space");

    assertThat(found.reason()).contains("200 MiB left");
  }

  @Test
  void cache_full_warns() {
    HostFinding found =
        find(
            usual(),
            path -> new PlaceCheck.Space("ext4", MemorySize.mebibytes(10)),
            "cache-directory");

    assertThat(found.status()).isEqualTo(Status.WARNED);
  }

  @Test
  void fileSystem_thatCannotBeAsked_warnsInsteadOfFailing() {
    List<HostFinding> findings =
        new PlaceCheck(
                usual(),
                path -> {
                  throw new IOException("stale handle");
                })
            .run();

    assertThat(findings).noneMatch(finding -> finding.status() == Status.FAILED);
    assertThat(findings).anyMatch(finding -> finding.reason().contains("stale handle"));
  }

  @Test
  void check_makesNoDirectory() {
    new PlaceCheck(usual(), PlaceCheck::ofFileStore).run();

    assertThat(directory).isEmptyDirectory();
    assertThat(Files.exists(usual().state())).isFalse();
  }

  @Test
  void cacheDirectory_thatCanOnlyBeRead_warns_oneThatCannotBeMade_fails() throws IOException {
    KataDirectories directories = usual();
    PlaceCheck check = new PlaceCheck(directories, path -> TMPFS, path -> false);

    assertThat(check.run())
        .anyMatch(
            finding ->
                finding.name().equals("cache-directory") && finding.status() == Status.FAILED);
    Files.createDirectory(directories.cache());
    assertThat(check.run())
        .anyMatch(
            finding ->
                finding.name().equals("cache-directory")
                    && finding.status() == Status.WARNED
                    && finding.reason().contains("can only be read"));
  }
}
