package io.katajava.examples;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.Volume;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Runs the JUnit tests of a Maven project in a fresh machine without a network. Maven compiles on
 * the host; only what the tests need goes in: their class path, and a Java runtime made of the
 * host's. The guest keeps nothing, and nothing of it comes back but the tests' output.
 */
public final class CiHarness {
  private static final Duration LONGEST_RUN = Duration.ofMinutes(10);

  private CiHarness() {}

  /**
   * Tests a project.
   *
   * @param arguments directory of the project
   * @throws IOException if Maven fails or a file cannot be read
   * @throws InterruptedException if the thread is interrupted
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path project = Path.of(arguments[0]).toAbsolutePath();
    Path classPathFile = project.resolve("target/test.classpath");
    int code =
        new ProcessBuilder(
                "mvn",
                "-B",
                "-ntp",
                "-q",
                "-f",
                project.toString(),
                "test-compile",
                "dependency:build-classpath",
                "-Dmdep.includeScope=test",
                "-Dmdep.outputFile=" + classPathFile)
            .inheritIO()
            .start()
            .waitFor();
    if (code != 0) {
      throw new IOException("mvn test-compile in " + project + " ended with " + code);
    }
    List<Path> classPath = new ArrayList<>();
    classPath.add(project.resolve("target/test-classes"));
    classPath.add(project.resolve("target/classes"));
    for (String entry : Files.readString(classPathFile).strip().split(File.pathSeparator, -1)) {
      classPath.add(Path.of(entry));
    }
    try (Kata kata = Kata.create()) {
      ExecResult result = test(kata, classPath);
      System.out.print(result.stdoutText() + result.stderrText());
      System.out.println("the tests " + result.outcome().describe());
    }
  }

  /**
   * Runs all tests of a class path in a fresh machine.
   *
   * @param kata runtime; not closed
   * @param classPath jars and directories of classes; the first has the tests
   * @return JUnit's report, and 0 when all tests passed, 1 when one failed
   * @throws IOException if a file cannot be read
   * @throws InterruptedException if the thread is interrupted
   */
  public static ExecResult test(Kata kata, List<Path> classPath)
      throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("ci-harness");
    try {
      GuestJava.make(directory);
      Path classes = Files.createDirectory(directory.resolve("classes"));
      List<String> inGuest = new ArrayList<>();
      List<Path> all = new ArrayList<>(classPath);
      all.addAll(consoleLauncher(classPath));
      for (Path entry : all) {
        if (Files.exists(entry)) {
          String name = inGuest.size() + "-" + entry.getFileName();
          copy(entry, classes.resolve(name));
          inGuest.add("/classes/" + name);
        }
      }
      return run(kata, directory, inGuest);
    } finally {
      delete(directory);
    }
  }

  private static ExecResult run(Kata kata, Path directory, List<String> classPath) {
    try (Sandbox sandbox = kata.sandbox().memory(MemorySize.mebibytes(768)).start();
        Container container = withFiles(sandbox.container("tests"), directory).start()) {
      return container.exec(
          exec ->
              exec.command(
                      "/java/bin/java",
                      "-XX:+UseSerialGC",
                      "-XX:TieredStopAtLevel=1",
                      "-Xmx256m",
                      "-cp",
                      String.join(":", classPath),
                      "org.junit.platform.console.ConsoleLauncher",
                      "execute",
                      "--disable-banner",
                      "--disable-ansi-colors",
                      "--scan-classpath",
                      classPath.get(0))
                  .env("LD_LIBRARY_PATH", "/lib64")
                  .timeout(LONGEST_RUN));
    }
  }

  private static ContainerBuilder withFiles(ContainerBuilder container, Path directory) {
    for (String name : List.of("java", "lib64", "classes")) {
      container.volume("/" + name, Volume.hostDirectory(directory.resolve(name)));
    }
    return container.tmpfs("/tmp", MemorySize.mebibytes(64));
  }

  /** JUnit's launcher as this program has it; what the project brings itself is the project's. */
  private static List<Path> consoleLauncher(List<Path> classPath) {
    Set<String> there = classPath.stream().map(CiHarness::artifact).collect(Collectors.toSet());
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
        .map(Path::of)
        .filter(jar -> artifact(jar).startsWith("junit-platform-"))
        .filter(jar -> !there.contains(artifact(jar)))
        .toList();
  }

  private static String artifact(Path jar) {
    Path name = jar.getFileName();
    return name == null ? "" : name.toString().replaceAll("-[0-9].*", "");
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(from.relativize(file).toString()));
      }
    }
  }

  private static void delete(Path directory) {
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
