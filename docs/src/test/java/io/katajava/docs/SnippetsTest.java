package io.katajava.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every Java snippet of the README and of docs/ compiles against what users get. */
class SnippetsTest {
  private static final Pattern SNIPPET =
      Pattern.compile("^```java\\n(.*?)^```$", Pattern.DOTALL | Pattern.MULTILINE);
  private static final Pattern WHOLE_FILE =
      Pattern.compile("^(package|import|public) .*", Pattern.DOTALL);
  private static final String IMPORTS =
      Stream.of(
              "io.katajava",
              "io.katajava.qemu",
              "io.katajava.qemu.device",
              "io.katajava.agent",
              "io.katajava.agent.oci",
              "io.katajava.config",
              "io.katajava.guest",
              "io.katajava.junit",
              "io.katajava.image",
              "io.katajava.spi",
              "io.katajava.wait",
              "java.nio.file",
              "java.time",
              "java.util",
              "java.util.function",
              "org.junit.jupiter.api")
          .map(name -> "import " + name + ".*;\n")
          .collect(Collectors.joining());

  @TempDir Path classes;

  private record Snippet(Path file, int number, String code) {
    String source() {
      if (WHOLE_FILE.matcher(code).matches()) {
        return code;
      }
      return IMPORTS + "class Snippet {\n  void run() throws Exception {\n" + code + "\n  }\n}\n";
    }
  }

  private static List<Snippet> snippets() throws IOException {
    List<Path> files = new ArrayList<>();
    try (Stream<Path> docs = Files.list(SourceTree.ROOT.resolve("docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(files::add);
    }
    files.add(SourceTree.ROOT.resolve("README.md"));
    List<Snippet> snippets = new ArrayList<>();
    for (Path file : files) {
      Matcher matcher = SNIPPET.matcher(Files.readString(file));
      for (int number = 1; matcher.find(); number++) {
        snippets.add(new Snippet(file, number, matcher.group(1)));
      }
    }
    return snippets;
  }

  @Test
  void readme_hasSnippets() throws IOException {
    assertThat(snippets()).anyMatch(snippet -> snippet.file().endsWith("README.md"));
  }

  @TestFactory
  Stream<DynamicTest> snippet_compiles() throws IOException {
    return snippets().stream()
        .map(
            snippet ->
                DynamicTest.dynamicTest(
                    snippet.file().getFileName() + " " + snippet.number(), () -> compile(snippet)));
  }

  private void compile(Snippet snippet) {
    StringWriter messages = new StringWriter();
    JavaFileObject source =
        new SimpleJavaFileObject(URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
          @Override
          public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return snippet.source();
          }
        };
    boolean compiled =
        ToolProvider.getSystemJavaCompiler()
            .getTask(
                messages,
                null,
                null,
                List.of(
                    "-d",
                    classes.toString(),
                    "-proc:none",
                    "-cp",
                    System.getProperty("java.class.path")),
                null,
                List.of(source))
            .call();
    assertThat(compiled)
        .as("%s, snippet %d:%n%s", snippet.file(), snippet.number(), messages)
        .isTrue();
  }
}
