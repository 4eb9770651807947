package io.katajava.sdk;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Code in a QEMU that a guest has taken over: run as QEMU's user, it tries every path that it is
 * told on its input, and tells what it could do. Needs nothing but the JDK.
 */
final class Intruder {
  private Intruder() {}

  /** What was tried and worked. */
  enum Deed {
    READ,
    WROTE,
    CONNECTED
  }

  private interface Attempt {
    void make() throws IOException;
  }

  public static void main(String[] arguments) throws IOException {
    BufferedReader paths =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = paths.readLine(); line != null; line = paths.readLine()) {
      Path path = Path.of(line.substring(2));
      switch (line.charAt(0)) {
        case 'd' ->
            attempt(
                Deed.WROTE, path, () -> Files.delete(Files.createFile(path.resolve(".intruder"))));
        case 's' -> attempt(Deed.CONNECTED, path, () -> connect(path));
        default -> {
          attempt(Deed.WROTE, path, () -> open(path, StandardOpenOption.WRITE));
          attempt(Deed.READ, path, () -> open(path, StandardOpenOption.READ));
        }
      }
    }
    System.out.println("done");
  }

  /** Root cannot tell what another user may; it can tell what there is. */
  static String line(Path path) {
    if (Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS)) {
      return "d " + path;
    }
    return (Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) ? "f " : "s ") + path;
  }

  private static void open(Path path, StandardOpenOption how) throws IOException {
    FileChannel.open(path, how).close();
  }

  private static void connect(Path path) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(path));
    }
  }

  private static void attempt(Deed deed, Path path, Attempt attempt) {
    try {
      attempt.make();
      System.out.println(deed + " " + path);
    } catch (IOException | RuntimeException e) {
      // That is what should happen.
      return;
    }
  }
}
