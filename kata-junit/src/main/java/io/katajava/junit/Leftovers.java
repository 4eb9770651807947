package io.katajava.junit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** Looks for what sandboxes with this state directory left: hypervisors, sockets, files. */
final class Leftovers {
  private static final int ARGUMENTS = 200;

  private Leftovers() {}

  /** One text for each. */
  static List<String> in(Path state) {
    List<String> found = new ArrayList<>(hypervisors(state + "/"));
    files(state).forEach(file -> found.add(kind(file) + " " + file));
    return found;
  }

  /** Hypervisors with this in their arguments. */
  static List<String> hypervisors(String argument) {
    List<String> found = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(Path.of("/proc"), "[0-9]*")) {
      for (Path process : all) {
        String pid = process.getFileName().toString();
        String arguments = commandLine(process);
        if (Long.parseLong(pid) != ProcessHandle.current().pid()
            && arguments.contains("qemu")
            && arguments.contains(argument)) {
          found.add(
              "process "
                  + pid
                  + ": "
                  + (arguments.length() <= ARGUMENTS
                      ? arguments
                      : arguments.substring(0, ARGUMENTS) + "..."));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return found;
  }

  private static String commandLine(Path process) {
    try {
      return Files.readString(process.resolve("cmdline"), StandardCharsets.ISO_8859_1)
          .replace('\0', ' ');
    } catch (IOException e) {
      return "";
    }
  }

  private static String kind(Path file) {
    if (Files.isDirectory(file)) {
      return "directory";
    }
    return Files.isRegularFile(file) ? "file" : "socket";
  }

  /** Everything but the ledger's own directory and lock. */
  private static List<Path> files(Path state) {
    Path ledger = state.resolve("ledger");
    try (Stream<Path> all = Files.walk(state)) {
      return all.filter(file -> !file.equals(state) && !file.startsWith(ledger)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
