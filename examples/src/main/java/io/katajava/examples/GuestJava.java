package io.katajava.examples;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A Java runtime for a guest that has none: this JVM's own, made small by {@code jlink}, and the
 * libraries it is linked against.
 */
final class GuestJava {
  /** What a test run needs: JUnit's reports, logging, reflection on unsafe things. */
  private static final String MODULES =
      "java.base,java.logging,java.management,java.xml,jdk.unsupported";

  private static final Pattern LIBRARY = Pattern.compile("(?:=> )?(/\\S+) \\(0x");

  private GuestJava() {}

  /**
   * Makes {@code java}, a runtime, and {@code lib64}, where its loader and libraries are looked
   * for.
   *
   * @param directory to make them in
   */
  static void make(Path directory) throws IOException, InterruptedException {
    Path home = Path.of(System.getProperty("java.home"));
    Path runtime = directory.resolve("java");
    run(
        home.resolve("bin/jlink").toString(),
        "--add-modules",
        MODULES,
        "--strip-java-debug-attributes",
        "--no-header-files",
        "--no-man-pages",
        "--output",
        runtime.toString());
    Path lib64 = Files.createDirectory(directory.resolve("lib64"));
    Set<Path> libraries = new LinkedHashSet<>();
    for (String file : List.of("bin/java", "lib/libzip.so", "lib/server/libjvm.so")) {
      Matcher matcher = LIBRARY.matcher(run("ldd", runtime.resolve(file).toString()));
      while (matcher.find()) {
        libraries.add(Path.of(matcher.group(1)));
      }
    }
    for (Path library : libraries) {
      if (!library.startsWith(runtime)) {
        Files.copy(library.toRealPath(), lib64.resolve(library.getFileName()));
      }
    }
  }

  private static String run(String... command) throws IOException, InterruptedException {
    File output = File.createTempFile("guest-java", ".txt");
    try {
      int code =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(output)
              .start()
              .waitFor();
      String text = Files.readString(output.toPath(), StandardCharsets.UTF_8);
      if (code != 0) {
        throw new IOException(Arrays.toString(command) + " ended with " + code + ": " + text);
      }
      return text;
    } finally {
      Files.delete(output.toPath());
    }
  }
}
