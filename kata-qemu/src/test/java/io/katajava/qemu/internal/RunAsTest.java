package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunAsTest {
  /** What is handed over lies in a directory of QEMU's user, who can replace it. */
  @Test
  void own_aLink_changesNotWhatItLeadsTo(@TempDir Path directory) throws IOException {
    Path precious = Files.createFile(directory.resolve("precious"));
    Object owner = Files.getAttribute(precious, "unix:uid");
    Path link = Files.createSymbolicLink(directory.resolve("sock"), precious);
    // Who is not root can hand over to himself only.
    int uid = RunAs.isRoot() ? RunAs.FIRST : (Integer) owner;

    new RunAs(uid, "a test").own(link);

    assertThat(Files.getAttribute(precious, "unix:uid")).isEqualTo(owner);
    assertThat(Files.getAttribute(link, "unix:uid", LinkOption.NOFOLLOW_LINKS)).isEqualTo(uid);
  }
}
