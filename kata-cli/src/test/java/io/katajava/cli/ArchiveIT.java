package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The archive of the command, unpacked where no checkout is, and called through a link. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ArchiveIT {
  @TempDir Path directory;
  private Path command;

  @BeforeEach
  void unpack() throws Exception {
    Path archive;
    try (Stream<Path> built = Files.list(Path.of("target"))) {
      archive =
          built
              .filter(path -> path.getFileName().toString().matches("kata-.*-dist\\.tar\\.gz"))
              .findFirst()
              .orElseThrow();
    }
    assertThat(run("tar", "-xzf", archive.toAbsolutePath().toString())).isEqualTo("0: ");
    try (Stream<Path> unpacked = Files.list(directory)) {
      Path home = unpacked.findFirst().orElseThrow();
      assertThat(home.resolve("LICENSE")).exists();
      assertThat(home.resolve("share/man/man1/kata-run.1")).exists();
      command = directory.resolve("kata");
      Files.createSymbolicLink(command, home.resolve("bin/kata"));
    }
  }

  @Test
  void command_ofTheArchive_runsAContainer() throws Exception {
    assertThat(run(command.toString(), "version")).startsWith("0: kata-java ");
    assertThat(run(command.toString(), "run", "--", "echo", "\u00fc")).isEqualTo("0: \u00fc\n");
  }

  @Test
  void host_withoutAJava_isToldSo() throws Exception {
    Path bash = Path.of("/bin/bash");
    Path tools = Files.createDirectory(directory.resolve("tools"));
    for (String tool : List.of("readlink", "dirname", "sed")) {
      Files.createSymbolicLink(tools.resolve(tool), Path.of("/usr/bin", tool));
    }
    // Hidden, so that the search for others finds none either.
    String hide = "mount -t tmpfs none /usr/lib/jvm 2>/dev/null; exec \"$@\"";
    assertThat(
            run(
                "unshare",
                "-rm",
                bash.toString(),
                "-c",
                hide,
                "sh",
                "/usr/bin/env",
                "-i",
                "PATH=" + tools,
                bash.toString(),
                command.toString(),
                "version"))
        .startsWith("125: kata: there is no Java 17 or newer");
  }

  private String run(String... line) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(new ArrayList<>(List.of(line)))
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return process.waitFor() + ": " + said;
  }
}
