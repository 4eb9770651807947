package io.katajava.guest.internal;

import io.katajava.Deadline;
import io.katajava.internal.host.NativeText;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Runs a tool of the host to its end, within a deadline, and keeps what it printed. */
final class Command {
  private static final int MAX_OUTPUT = 4 << 20;
  private static final int ERROR_TAIL = 400;

  private Command() {}

  /**
   * What a tool left.
   *
   * @param exit its exit code
   * @param output its standard output
   * @param error the end of its standard error, one line
   */
  record Result(int exit, String output, String error) {}

  /**
   * Runs it in a directory, into which its output goes for as long as it runs.
   *
   * @throws IOException when it cannot be started or does not end in time; then it is killed
   */
  static Result run(Path directory, Deadline deadline, List<String> command)
      throws IOException, InterruptedException {
    Path output = Files.createTempFile(directory, "out", null);
    Path error = Files.createTempFile(directory, "err", null);
    try {
      ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
      builder.environment().put("LC_ALL", "C.UTF-8");
      NativeText.require(builder);
      Process process =
          builder
              .redirectInput(new File("/dev/null"))
              .redirectOutput(output.toFile())
              .redirectError(error.toFile())
              .start();
      try {
        if (!process.waitFor(deadline.remaining().toMillis(), TimeUnit.MILLISECONDS)) {
          throw new IOException(
              String.join(" ", command) + " did not end within " + deadline.allowed());
        }
      } finally {
        if (process.isAlive()) {
          process.descendants().forEach(ProcessHandle::destroyForcibly);
          process.destroyForcibly().onExit().join();
        }
      }
      return new Result(process.exitValue(), head(output), tail(error));
    } finally {
      Files.deleteIfExists(output);
      Files.deleteIfExists(error);
    }
  }

  private static String head(Path file) throws IOException {
    try (var in = Files.newInputStream(file)) {
      return new String(in.readNBytes(MAX_OUTPUT), StandardCharsets.UTF_8);
    }
  }

  private static String tail(Path file) throws IOException {
    String text = head(file).strip().replaceAll("\\s*\n\\s*", "; ");
    return text.length() <= ERROR_TAIL ? text : text.substring(text.length() - ERROR_TAIL);
  }
}
