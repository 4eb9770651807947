package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The SDK in the newest Java there is on this machine, with the options the README names. */
class NewestJavaIT {
  private static final Pattern VERSION =
      Pattern.compile("^JAVA_VERSION=\"(\\d+)", Pattern.MULTILINE);
  private static final int EXECUTIONS = Integer.getInteger("kata.executions", 400);

  @TempDir Path directory;

  private record Java(Path home, int version) {
    static Optional<Java> at(Path home) {
      try {
        Matcher matcher = VERSION.matcher(Files.readString(home.resolve("release")));
        return matcher.find() && Files.isExecutable(home.resolve("bin/java"))
            ? Optional.of(new Java(home, Integer.parseInt(matcher.group(1))))
            : Optional.empty();
      } catch (IOException e) {
        return Optional.empty();
      }
    }

    static Java newest() throws IOException {
      List<Path> homes = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"))));
      if (Files.isDirectory(Path.of("/usr/lib/jvm"))) {
        try (Stream<Path> installed = Files.list(Path.of("/usr/lib/jvm"))) {
          installed.forEach(homes::add);
        }
      }
      return homes.stream()
          .flatMap(home -> at(home).stream())
          .max(Comparator.comparingInt(Java::version))
          .orElseThrow();
    }

    List<String> command() {
      List<String> command = new ArrayList<>(List.of(home.resolve("bin/java").toString()));
      if (version >= 24) {
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("--sun-misc-unsafe-memory-access=allow");
      }
      return command;
    }
  }

  @Test
  @Timeout(300)
  void manyExecutionsAtOnce_newestJava_allRightWithoutPinningOrWarning() throws Exception {
    Path state = Files.createDirectory(directory.resolve("s"));
    Leftovers leftovers = new Leftovers(state);
    Path output = directory.resolve("output");
    List<String> command = Java.newest().command();
    command.addAll(
        List.of(
            "-Xmx512m",
            "-cp",
            System.getProperty("java.class.path"),
            ManyExecs.class.getName(),
            state.toString(),
            Integer.toString(EXECUTIONS)));
    Process java =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(java.waitFor(280, TimeUnit.SECONDS)).as("it ends").isTrue();
    } finally {
      java.destroyForcibly().waitFor();
    }
    assertThat(Files.readString(output))
        .contains("right: " + EXECUTIONS + " of " + EXECUTIONS, "pinned: 0")
        .doesNotContain("WARNING");
    Files.delete(state.resolve("pinned.jfr"));
    leftovers.assertNone();
  }
}
