package io.katajava.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ExecResult;
import io.katajava.Kata;
import java.io.File;
import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.StandardJavaFileManager;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CiHarnessIT {
  private static final List<Path> JUNIT =
      Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
          .map(Path::of)
          .filter(CiHarnessIT::isOfJUnit)
          .toList();

  @TempDir Path directory;

  private static boolean isOfJUnit(Path jar) {
    String name = jar.toString();
    return name.contains("junit-jupiter-")
        || name.contains("junit-platform-engine")
        || name.contains("junit-platform-commons")
        || name.contains("opentest4j")
        || name.contains("apiguardian");
  }

  /** The project's sources, compiled as Maven would, and one more test. */
  private List<Path> compiled(String moreTests) throws IOException {
    List<Path> sources = new ArrayList<>();
    try (Stream<Path> files = Files.walk(Path.of("ci-project"))) {
      files.filter(file -> file.toString().endsWith(".java")).forEach(sources::add);
    }
    if (!moreTests.isEmpty()) {
      sources.add(Files.writeString(directory.resolve("MoreTest.java"), moreTests));
    }
    Path classes = Files.createDirectory(directory.resolve("classes"));
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    StringWriter messages = new StringWriter();
    try (StandardJavaFileManager files = compiler.getStandardFileManager(null, null, null)) {
      boolean well =
          compiler
              .getTask(
                  messages,
                  files,
                  null,
                  List.of("-d", classes.toString(), "-proc:none", "-cp", join(JUNIT)),
                  null,
                  files.getJavaFileObjectsFromPaths(sources))
              .call();
      assertThat(well).as("compiled: %s", messages).isTrue();
    }
    List<Path> classPath = new ArrayList<>(List.of(classes));
    classPath.addAll(JUNIT);
    return classPath;
  }

  private static String join(List<Path> paths) {
    return String.join(File.pathSeparator, paths.stream().map(Path::toString).toList());
  }

  private ExecResult test(List<Path> classPath) throws Exception {
    Path state = Files.createDirectory(directory.resolve("s"));
    try (Kata kata = Kata.builder().stateDirectory(state).build()) {
      return CiHarness.test(kata, classPath);
    }
  }

  @Test
  void projectsTests_inAFreshMachine_pass() throws Exception {
    ExecResult result = test(compiled(""));
    assertThat(result.stdoutText()).as(result.stderrText()).contains("3 tests successful");
    assertThat(result.isSuccess()).isTrue();
  }

  @Test
  void failingTest_isReportedWithItsReason() throws Exception {
    ExecResult result =
        test(
            compiled(
                """
                class MoreTest {
                  @org.junit.jupiter.api.Test
                  void fails() {
                    org.junit.jupiter.api.Assertions.fail("on purpose");
                  }
                }
                """));
    assertThat(result.stdoutText())
        .as(result.stderrText())
        .contains("3 tests successful", "1 tests failed", "on purpose");
    assertThat(result.exitCode()).isEqualTo(1);
  }
}
