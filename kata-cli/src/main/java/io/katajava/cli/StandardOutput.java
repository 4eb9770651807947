package io.katajava.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import org.jspecify.annotations.Nullable;

/**
 * This process's standard output, which keeps why a write failed: {@link PrintStream} and {@link
 * PrintWriter} only know that one did, and nobody asks them.
 */
final class StandardOutput extends OutputStream {
  // Never closed: the descriptor belongs to the process.
  private final OutputStream to;
  private volatile @Nullable IOException failure;

  StandardOutput(OutputStream to) {
    this.to = to;
  }

  /** In the place of {@code System.out}. */
  static StandardOutput install() {
    StandardOutput output = new StandardOutput(new FileOutputStream(FileDescriptor.out));
    System.setOut(new PrintStream(output, true, Charset.defaultCharset()));
    return output;
  }

  @Override
  public void write(int value) throws IOException {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    try {
      to.write(bytes, offset, length);
    } catch (IOException e) {
      failure = e;
      throw e;
    }
  }

  /** The exit code, given the one of what was done: work whose result got lost did not succeed. */
  int exitCode(int code, PrintWriter err) {
    System.out.flush();
    IOException lost = failure;
    if (lost == null || code != ExitCodes.DONE) {
      return code;
    }
    return OutputFailure.tell(OutputFailure.STDOUT, lost, err);
  }
}
