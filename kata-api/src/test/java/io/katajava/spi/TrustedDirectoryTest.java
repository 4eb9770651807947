package io.katajava.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrustedDirectoryTest {
  private static final int NEIGHBOUR = 12002;

  @TempDir Path directory;

  private Path make(String name, String mode) throws IOException {
    Path made = Files.createDirectory(directory.resolve(name));
    Files.setPosixFilePermissions(made, PosixFilePermissions.fromString(mode));
    return made;
  }

  private static void chmod(Path path, int mode) throws IOException {
    Files.setAttribute(path, "unix:mode", mode);
  }

  /** Somebody else's: only root can give a directory away, others find one that root has. */
  private Path foreign(String name) throws IOException {
    if (TrustedDirectory.uid() != 0) {
      return Path.of("/usr");
    }
    Path made = make(name, "rwxr-xr-x");
    Files.setAttribute(made, "unix:uid", NEIGHBOUR);
    return made;
  }

  @Test
  void own_missing_isMadeWithItsModeAndWhatIsAboveIt() throws IOException {
    Path wanted = directory.resolve("a/b/state");

    assertThat(TrustedDirectory.own("state", wanted, "rwx--x--x")).isEqualTo(wanted);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(wanted)))
        .isEqualTo("rwx--x--x");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(wanted.getParent())))
        .isEqualTo("rwxr-xr-x");
    assertThat(TrustedDirectory.own("state", wanted, "rwx------")).isEqualTo(wanted);
  }

  @Test
  void own_ofAnotherUser_isRefusedAndTold() throws IOException {
    Path foreign = foreign("foreign");

    assertThatThrownBy(() -> TrustedDirectory.own("state", foreign, "rwx------"))
        .isInstanceOfSatisfying(
            KataException.class,
            e -> {
              assertThat(e.code()).isEqualTo(ErrorCode.HOST_UNSUITABLE);
              assertThat(e.remedy()).hasValueSatisfying(it -> assertThat(it).contains("Remove it"));
            })
        .hasMessageContaining("the state directory " + foreign + " cannot be trusted")
        .hasMessageContaining("belongs to user");
  }

  @Test
  void own_belowADirectoryOfAnotherUser_isRefusedAndNotMade() throws IOException {
    if (TrustedDirectory.uid() != 0) {
      // Whatever root owns may have something of ours in it: /usr is no bad place above.
      assertThat(TrustedDirectory.obstacleToOwn(Path.of("/usr/ours"))).isEmpty();
      return;
    }
    Path below = foreign("foreign").resolve("state");

    assertThatThrownBy(() -> TrustedDirectory.own("state", below, "rwx------"))
        .hasMessageContaining(below.getParent() + " belongs to user " + NEIGHBOUR);
    assertThat(below).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"rwxrwxrwx", "rwx----w-", "rwxr-xrwx"})
  void shared_thatOthersCanWrite_isRefused(String mode) throws IOException {
    Path open = make("open", mode);

    assertThatThrownBy(() -> TrustedDirectory.shared("cache", open))
        .isInstanceOf(KataException.class)
        .hasMessageContaining("can be written by others")
        .hasMessageContaining(TrustedDirectory.VARIABLE);
  }

  @Test
  void group_withOtherMembersOrUnknown_isOthers() throws IOException {
    Path grouped = make("grouped", "rwxrwx---");
    if (TrustedDirectory.uid() == 0) {
      // Group 0 has root alone; one that no file knows may have anybody.
      assertThat(TrustedDirectory.obstacle(grouped)).isEmpty();
      Files.setAttribute(grouped, "unix:gid", NEIGHBOUR);
      assertThat(TrustedDirectory.obstacle(grouped)).isPresent();
    }
  }

  @Test
  void parent_thatOthersCanWrite_isRefusedUnlessItIsSticky() throws IOException {
    Path open = make("open", "rwxrwxrwx");
    Path below = Files.createDirectory(open.resolve("below"));

    assertThat(TrustedDirectory.obstacleToOwn(below))
        .hasValueSatisfying(it -> assertThat(it).startsWith(open + " can be written by others"));
    assertThat(TrustedDirectory.obstacleToOwn(open.resolve("missing"))).isPresent();

    chmod(open, 01777);
    assertThat(TrustedDirectory.obstacleToOwn(below)).isEmpty();
    assertThat(TrustedDirectory.obstacleToOwn(open.resolve("missing"))).isEmpty();
    assertThat(TrustedDirectory.obstacleToOwn(open)).as("sticky, but the last").isPresent();
  }

  @Test
  void link_inItsPlace_isRefused_andOneAboveIsFollowed() throws IOException {
    Path real = make("real", "rwx------");
    Path link = Files.createSymbolicLink(directory.resolve("link"), real);
    Path relative =
        Files.createSymbolicLink(directory.resolve("relative"), Path.of("./real/../real"));

    assertThat(TrustedDirectory.obstacleToOwn(link))
        .hasValueSatisfying(it -> assertThat(it).contains("is a link to " + real));
    assertThat(TrustedDirectory.own("state", link.resolve("s"), "rwx------")).isDirectory();
    assertThat(TrustedDirectory.obstacleToOwn(relative.resolve("s"))).isEmpty();

    chmod(real, 0777);
    assertThat(TrustedDirectory.obstacleToOwn(link.resolve("s")))
        .hasValueSatisfying(it -> assertThat(it).startsWith(real + " can be written"));
  }

  @Test
  void link_aboveOfAnotherUser_isRefused() throws IOException {
    if (TrustedDirectory.uid() != 0) {
      return;
    }
    Path real = make("real", "rwx------");
    Path link = Files.createSymbolicLink(directory.resolve("link"), real);
    Files.setAttribute(link, "unix:uid", NEIGHBOUR, LinkOption.NOFOLLOW_LINKS);

    assertThat(TrustedDirectory.obstacleToOwn(link.resolve("s")))
        .hasValueSatisfying(it -> assertThat(it).contains("link that belongs to user"));
  }

  @Test
  void links_thatGoRound_areRefused() throws IOException {
    Path one = directory.resolve("one");
    Files.createSymbolicLink(one, directory.resolve("two"));
    Files.createSymbolicLink(directory.resolve("two"), one);

    assertThat(TrustedDirectory.obstacle(one.resolve("x")))
        .hasValueSatisfying(it -> assertThat(it).contains("too many"));
  }

  @Test
  void file_inItsPlace_isRefused() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThat(TrustedDirectory.obstacle(file))
        .hasValueSatisfying(it -> assertThat(it).endsWith("is no directory"));
    assertThat(TrustedDirectory.obstacle(file.resolve("below"))).isPresent();
  }

  @Test
  void shared_ofRoot_isGoodToRead() {
    assertThat(TrustedDirectory.obstacle(Path.of("/usr"))).isEmpty();
    TrustedDirectory.require("cache", Path.of("/usr/no/such/thing"));
  }

  @Test
  void exempted_isNotLookedAt_norWhatIsBelow() throws IOException {
    Path open = make("open", "rwxrwxrwx");

    assertThat(TrustedDirectory.obstacle(open, List.of(open))).isEmpty();
    assertThat(TrustedDirectory.obstacle(open.resolve("x"), List.of(open))).isEmpty();
    assertThat(TrustedDirectory.obstacle(open, List.of(open.resolve("x")))).isPresent();
  }

  @Test
  void record_isOneFileOfThisUserAlone() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    Path link = Files.createSymbolicLink(directory.resolve("link"), file);
    chmod(file, 0600);

    assertThat(TrustedDirectory.obstacleToReading(file)).isEmpty();
    assertThat(TrustedDirectory.obstacleToReading(link)).isPresent();
    assertThat(TrustedDirectory.obstacleToReading(directory)).isPresent();
    chmod(file, 0602);
    assertThat(TrustedDirectory.obstacleToReading(file)).isPresent();
    chmod(file, 0600);
    if (TrustedDirectory.uid() == 0) {
      Files.setAttribute(file, "unix:uid", NEIGHBOUR);
      assertThat(TrustedDirectory.obstacleToReading(file)).isPresent();
    }
  }
}
