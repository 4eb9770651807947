package io.katajava.junit;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.KataDirectories;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What this JVM's test classes could have left: their state directories, and hypervisors. */
final class Leftovers {
  private static final Path ALL = KataDirectories.fromEnvironment().state().resolve("junit");

  private Leftovers() {}

  private static String mine() {
    return ProcessHandle.current().pid() + "-";
  }

  static void assertNone() throws IOException {
    if (Files.isDirectory(ALL)) {
      try (Stream<Path> directories = Files.list(ALL)) {
        assertThat(directories.filter(one -> one.getFileName().toString().startsWith(mine())))
            .isEmpty();
      }
    }
    List<String> hypervisors = new ArrayList<>();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : processes) {
        String arguments;
        try {
          arguments = Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1);
        } catch (IOException e) {
          continue;
        }
        if (arguments.contains("qemu") && arguments.contains(ALL.resolve(mine()).toString())) {
          hypervisors.add(arguments);
        }
      }
    }
    assertThat(hypervisors).isEmpty();
  }
}
