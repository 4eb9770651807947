package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.base.host.ProgramSearch;
import io.katajava.internal.host.NativeText;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Makes a squashfs out of an archive on its standard input: {@code sqfstar} of squashfs-tools (4.5
 * or newer), else {@code tar2sqfs} of squashfs-tools-ng. Neither needs root or puts files on the
 * host.
 *
 * @param program which of the two
 */
public record SquashfsTool(Path program) {
  private static final String SQFSTAR = "sqfstar";
  private static final String TAR2SQFS = "tar2sqfs";

  /** The file names of the tools, the preferred one first. */
  public static final List<String> PROGRAMS = List.of(SQFSTAR, TAR2SQFS);

  private static final int ERROR_TAIL = 1000;

  /** Writes the archive. */
  interface Archive {
    void writeTo(LayerWriter out) throws IOException;
  }

  /**
   * Looks for a tool.
   *
   * @param path directories, as in the environment
   * @return the first that is there
   */
  public static Optional<SquashfsTool> find(String path) {
    ProgramSearch search = ProgramSearch.onPath(path).then(List.of("/usr/bin", "/usr/sbin"));
    return PROGRAMS.stream()
        .map(search::find)
        .flatMap(Optional::stream)
        .findFirst()
        .map(SquashfsTool::new);
  }

  private List<String> command(Path target) {
    List<String> command = new ArrayList<>(List.of(program.toString()));
    if (program.endsWith(SQFSTAR)) {
      // Nothing is compressed: the guest reads what the host's page cache holds, at memory's speed.
      command.addAll(
          List.of(
              "-quiet",
              "-no-progress",
              "-exit-on-error",
              // It compares each file with all others of its size: a minute for 100,000 small ones.
              "-no-duplicates",
              "-mkfs-time",
              "0",
              "-root-time",
              "0",
              "-root-mode",
              "755",
              "-root-uid",
              "0",
              "-root-gid",
              "0",
              "-noI",
              "-noD",
              "-noF",
              "-noX",
              target.toString()));
    } else {
      command.addAll(List.of("--quiet", "--no-skip", "--compressor", "lz4", target.toString()));
    }
    return command;
  }

  /**
   * Runs the tool.
   *
   * @param archive what to put into the image
   * @param target the image, which must not be there
   * @param deadline by when it must be there
   * @throws IOException when the tool fails; what it said is in the message
   */
  void make(Archive archive, Path target, Deadline deadline)
      throws IOException, InterruptedException {
    Path said = Files.createTempFile(target.getParent(), "said", null);
    try {
      ProcessBuilder builder = new ProcessBuilder(command(target));
      NativeText.require(builder);
      builder.environment().put("LC_ALL", "C");
      // squashfs-tools refuse it beside the options.
      builder.environment().remove("SOURCE_DATE_EPOCH");
      Process process = builder.redirectErrorStream(true).redirectOutput(said.toFile()).start();
      try {
        IOException failed = feed(archive, process, deadline);
        if (failed instanceof LateException) {
          throw failed;
        }
        if (!process.waitFor(Math.max(1, deadline.remaining().toMillis()), TimeUnit.MILLISECONDS)) {
          throw new LateException(deadline, program + " was making a block image");
        }
        if (failed instanceof InvalidLayerException) {
          throw failed;
        }
        if (process.exitValue() != 0 || failed != null) {
          throw new IOException(
              program
                  + " ended with status "
                  + process.exitValue()
                  + (failed == null ? "" : " (" + failed.getMessage() + ")")
                  + ": "
                  + tail(said),
              failed);
        }
      } finally {
        process.destroyForcibly();
        process.waitFor();
      }
    } finally {
      Files.deleteIfExists(said);
    }
  }

  /** What the tool said about a broken pipe is worth more than the broken pipe. */
  private static @org.jspecify.annotations.Nullable IOException feed(
      Archive archive, Process process, Deadline deadline) {
    // A tool that stands still would have the write wait for ever.
    CompletableFuture<Process> end =
        process
            .onExit()
            .orTimeout(deadline.remaining().toMillis() + 1, TimeUnit.MILLISECONDS)
            .whenComplete((ended, late) -> process.destroyForcibly());
    try (OutputStream out = new BufferedOutputStream(process.getOutputStream(), 1 << 16)) {
      archive.writeTo(new LayerWriter(out));
      return null;
    } catch (IOException e) {
      process.destroy();
      return deadline.isExpired() && !(e instanceof InvalidLayerException)
          ? new LateException(deadline, "making a block image")
          : e;
    } finally {
      end.cancel(false);
    }
  }

  private static String tail(Path file) throws IOException {
    String text = Files.readString(file, StandardCharsets.ISO_8859_1).strip();
    text = text.replaceAll("\\s*\n\\s*", "; ");
    return text.length() <= ERROR_TAIL ? text : text.substring(text.length() - ERROR_TAIL);
  }
}
