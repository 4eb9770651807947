package io.katajava.transport;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.base.text.PathBytes;
import java.io.File;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sockets in JVMs whose locale is another than that of the build. */
@Timeout(120)
class OtherLocaleTest {
  @TempDir Path directory;

  /** What the other JVM does: a socket in a directory given as hexadecimal bytes, and one byte. */
  static final class Program {
    public static void main(String[] arguments) throws Exception {
      Path path = PathBytes.path(HexFormat.of().parseHex(arguments[0]));
      try (UnixSocketListener listener = UnixSocketListener.listen(path);
          UnixSocketConnection to = UnixSocketConnection.connect(path, Duration.ofSeconds(5));
          UnixSocketConnection from = listener.accept()) {
        to.write(ByteBuffer.wrap(new byte[] {42}));
        ByteBuffer read = ByteBuffer.allocate(1);
        from.read(read);
        boolean there = Files.exists(path, java.nio.file.LinkOption.NOFOLLOW_LINKS);
        System.out.print(read.get(0) + " " + there + " " + arguments[1].length());
        System.out.print(
            String.format(java.util.Locale.getDefault(), " %d", 1).equals(" 1")
                ? ""
                : " own digits");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX", "C.UTF-8"})
  void socket_nonAsciiPathInAnyLocale_isReached(String locale) throws Exception {
    assertThat(run(List.of(), Map.of("LC_ALL", locale))).startsWith("42 true ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ar-EG", "fa-IR", "bn-BD", "mr-IN", "ne-NP", "my-MM"})
  void socket_localeWithItsOwnDigits_loadsTheNativePartAndKeepsTheLocale(String locale)
      throws Exception {
    String[] parts = locale.split("-", -1);
    assertThat(
            run(
                List.of("-Duser.language=" + parts[0], "-Duser.country=" + parts[1]),
                Map.of("LC_ALL", "C.UTF-8")))
        .isEqualTo("42 true 1 own digits");
  }

  @Test
  void path_ofAnyBytes_comesBackAsThem() throws Exception {
    byte[] bytes = "/tmp/l\u00e9%20 \n?#[]".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(PathBytes.of(PathBytes.path(bytes))).isEqualTo(bytes);
    byte[] relative = {'a', '/', (byte) 0xff, '.', '.'};
    assertThat(PathBytes.path(relative)).isRelative();
    assertThat(PathBytes.of(PathBytes.path(relative))).isEqualTo(relative);
  }

  private String run(List<String> options, Map<String, String> variables) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Program.class.getName()));
    command.add(HexFormat.of().formatHex((directory + "/ü").getBytes(StandardCharsets.UTF_8)));
    command.add("1");
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
    builder.environment().putAll(variables);
    builder.redirectInput(new File("/dev/null"));
    Process process = builder.start();
    try (InputStream out = process.getInputStream()) {
      String said = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      return said.lines().reduce("", (before, line) -> line);
    }
  }
}
