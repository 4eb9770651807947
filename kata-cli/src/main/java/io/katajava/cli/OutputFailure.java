package io.katajava.cli;

import io.katajava.base.text.PrintableText;
import io.katajava.spi.ExhaustedLimit;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;

/** A write to this process's own output that failed, and what is to be made of it. */
final class OutputFailure {
  static final int STDOUT = 1;
  static final int STDERR = 2;

  private OutputFailure() {}

  /** Whether a reader went away, which is usual and no word worth: {@code kata ps | head -1}. */
  static boolean isReaderGone(int descriptor) {
    // By the kind of file: the message is the C library's, in the user's language.
    String target = target(descriptor);
    return target.startsWith("pipe:") || target.startsWith("socket:");
  }

  private static String target(int descriptor) {
    try {
      return Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor)).toString();
    } catch (IOException e) {
      return "";
    }
  }

  /** Tells of it, unless a reader went away; returns the exit code. */
  static int tell(int descriptor, IOException failure, PrintWriter err) {
    if (isReaderGone(descriptor)) {
      return ExitCodes.BROKEN_PIPE;
    }
    err.println(
        "kata: standard "
            + (descriptor == STDOUT ? "output" : "error")
            + " cannot be written: "
            + PrintableText.line(String.valueOf(failure.getMessage()))
            + ExhaustedLimit.of(failure).map(limit -> "; " + limit).orElse(""));
    err.flush();
    return ExitCodes.OUTPUT_FAILED;
  }
}
