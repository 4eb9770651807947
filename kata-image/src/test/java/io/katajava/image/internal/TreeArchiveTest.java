package io.katajava.image.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Deadline;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A root filesystem of the host becomes the archive that tar(1) makes of it. */
@Timeout(120)
class TreeArchiveTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;

  /** In a JVM of its own, whose locale is another: writes the archive in Base64. */
  static final class Program {
    public static void main(String[] arguments) throws IOException {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      TreeArchive.write(Path.of(arguments[0]), out, Deadline.after(LONG));
      System.out.print(Base64.getEncoder().encodeToString(out.toByteArray()));
    }
  }

  private String shell(String script) throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder("sh", "-c", script);
    builder.environment().put("LC_ALL", "C");
    Process process = builder.directory(directory.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  private void makeTree() throws IOException, InterruptedException {
    shell(
        "mkdir src && cd src && mkdir tmp sub && chmod 1777 tmp && echo x > su && chmod 4755 su"
            + " && mkfifo pipe && printf b > \"$(printf 'l\\351')\" && printf c > \"$(printf"
            + " 'l\\350')\" && printf u > \"$(printf '\\303\\274')\" && ln -s \"$(printf"
            + " 'to\\351')\" link && ln su sub/hard && touch -d @1000000000 tmp sub su pipe l*"
            + " sub/hard && touch -h -d @1000000000 link *");
    if ("root".equals(System.getProperty("user.name"))) {
      shell("cd src && mknod char c 1 3 && mknod block b 259 70000 && chown 1000:70000 tmp");
    }
    shell(
        "python3 -c \"import socket;socket.socket(socket.AF_UNIX).bind('src/socket')\""
            + " 2>/dev/null || true");
  }

  /** What tar lists of the archive, beside what the file system says. */
  private String listed(byte[] archive) throws IOException, InterruptedException {
    Files.write(directory.resolve("a.tar"), archive);
    return shell("tar --numeric-owner --quoting-style=escape --utc -tvf a.tar | sort");
  }

  private String expected() throws IOException, InterruptedException {
    return shell(
        "cd src && rm -f socket && tar --numeric-owner --sort=name --format=pax -cf - *"
            + " | tar --numeric-owner --quoting-style=escape --utc -tvf - | sort");
  }

  /** Hard links point at the one that comes first; both orders are right. */
  private static List<String> lines(String listing) {
    return listing
        .lines()
        .map(line -> line.replaceAll("^h\\S+ +(.*) link to .*$", "hard $1"))
        .map(line -> line.replaceAll(" +", " ").replaceAll("/$", ""))
        .toList();
  }

  @Test
  void tree_isArchivedAsTarDoes() throws Exception {
    makeTree();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TreeArchive.write(directory.resolve("src"), out, Deadline.after(LONG));

    String listing = listed(out.toByteArray());
    assertThat(listing).contains("l\\351").contains("l\\350").contains("to\\351");
    assertThat(listing).doesNotContain("socket");
    assertThat(lines(listing))
        .filteredOn(line -> !line.startsWith("hard"))
        .containsAll(lines(expected()).stream().filter(line -> !line.startsWith("hard")).toList());
  }

  @ParameterizedTest
  @ValueSource(strings = {"C", "POSIX"})
  void tree_inALocaleWithoutItsCharacters_isTheSameToTheByte(String locale) throws Exception {
    makeTree();
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    TreeArchive.write(directory.resolve("src"), out, Deadline.after(LONG));

    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Program.class.getName(),
            directory.resolve("src").toString());
    builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
    builder.environment().put("LC_ALL", locale);
    Process process = builder.redirectError(ProcessBuilder.Redirect.DISCARD).start();
    process.getOutputStream().close();
    byte[] said = process.getInputStream().readAllBytes();
    assertThat(process.waitFor()).isZero();
    assertThat(Base64.getDecoder().decode(said)).isEqualTo(out.toByteArray());
  }

  @Test
  void tree_thatIsNoDirectory_isRefusedByName() {
    assertThatThrownBy(
            () ->
                TreeArchive.write(
                    directory.resolve("none"), new ByteArrayOutputStream(), Deadline.after(LONG)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("none");
  }
}
