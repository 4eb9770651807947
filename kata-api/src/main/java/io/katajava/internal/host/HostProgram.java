package io.katajava.internal.host;

import io.katajava.base.host.ProgramSearch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Small programs of the host's system, run to their end. */
public final class HostProgram {
  private static final ProgramSearch PLACES =
      ProgramSearch.in(List.of("/usr/sbin", "/sbin", "/usr/bin", "/bin"));
  private static final long LIMIT_SECONDS = 30;

  private HostProgram() {}

  /**
   * Looks for a program. Tools of the system's administrator are often not on a service's path.
   *
   * @param name its name
   * @return its path, or the name for the system to look for
   */
  public static String find(String name) {
    return PLACES.find(name).map(Path::toString).orElse(name);
  }

  /**
   * Runs a program without input.
   *
   * @param line program and arguments
   * @param packages where it comes from, for the message when it is not there
   * @return what it printed
   * @throws IOException when it cannot be run, fails, does not end within half a minute, or when
   *     the thread is interrupted meanwhile
   */
  public static String run(List<String> line, String packages) throws IOException {
    return run(line, packages, Set.of(0));
  }

  /**
   * As {@link #run(List, String)}, of a program that tells by its status what it did.
   *
   * @param line program and arguments
   * @param packages where it comes from, for the message when it is not there
   * @param good the statuses that are no failure
   * @return what it printed
   * @throws IOException as there
   */
  public static String run(List<String> line, String packages, Set<Integer> good)
      throws IOException {
    String shown = "'" + String.join(" ", line) + "'";
    Process process;
    try {
      ProcessBuilder builder = new ProcessBuilder(line).redirectErrorStream(true);
      NativeText.require(builder);
      process = builder.start();
    } catch (IOException e) {
      throw new IOException(shown + " cannot be run; it needs " + packages, e);
    }
    // One that hangs is ended, and its output with it.
    CompletableFuture.delayedExecutor(LIMIT_SECONDS, TimeUnit.SECONDS)
        .execute(process::destroyForcibly);
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException(shown + " did not end within " + LIMIT_SECONDS + " s");
      }
      if (!good.contains(process.exitValue())) {
        throw new IOException(shown + " failed: " + output.strip());
      }
      return output;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while running " + shown, e);
    } finally {
      process.destroyForcibly();
    }
  }
}
