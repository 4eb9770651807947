package io.katajava.internal.ledger;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Tells which processes are those of a sandbox by what runs in them. That a record names a process
 * is not enough to end it: its arguments must name the sandbox's directory, as those of QEMU, of
 * {@code virtiofsd} and of the programs that become them ({@code setpriv}, {@code setsid}, {@code
 * nsenter}) do from their first instant on. No other process has that directory in its arguments.
 */
public final class SandboxProcesses {
  private static final Path PROC = Path.of("/proc");

  /** Programs that become the one whose name follows their options. */
  private static final Set<String> LAUNCHERS =
      Set.of("setpriv", "setsid", "nsenter", "unshare", "sh");

  /** A process that is being replaced by its next program has no arguments for microseconds. */
  private static final int LOOKS = 20;

  private static final long LOOK_MILLIS = 5;

  private final Set<String> places = new LinkedHashSet<>();

  /**
   * @param state the state directory
   * @param told how the sandbox's processes were told it, if that is known
   */
  public SandboxProcesses(Path state, String sandboxId, Optional<Path> told) {
    add(state, sandboxId);
    try {
      Path real = state.toRealPath();
      add(real, sandboxId);
      // What a record says counts only if it leads here.
      if (told.isPresent() && told.get().toRealPath().equals(real)) {
        add(told.get(), sandboxId);
      }
    } catch (IOException e) {
      // Its names are all there is to go by.
      org.slf4j.LoggerFactory.getLogger(SandboxProcesses.class).debug("{} is gone", state, e);
    }
  }

  private void add(Path state, String sandboxId) {
    places.add(bytesOf(state.resolve(sandboxId) + "/"));
  }

  /** The kernel's bytes as characters, whatever this JVM's locale makes of them. */
  private static String bytesOf(String text) {
    String jnu = System.getProperty("sun.jnu.encoding", "UTF-8");
    return new String(
        text.getBytes(java.nio.charset.Charset.forName(jnu)), StandardCharsets.ISO_8859_1);
  }

  /** Whether a process is the sandbox's. One that has begun to end has no arguments any more. */
  public boolean isOurs(ProcessIdentity process) {
    for (int look = 0; look < LOOKS && process.isRunning(); look++) {
      String arguments = arguments(process.pid());
      if (!arguments.isEmpty()) {
        return names(arguments) && process.isAlive();
      }
      try {
        Thread.sleep(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return false;
      }
    }
    return false;
  }

  private boolean names(String arguments) {
    return places.stream().anyMatch(arguments::contains);
  }

  /**
   * Processes of the sandbox that nobody recorded, because their JVM was killed between the spawn
   * and the record. Only hypervisors and daemons are, not somebody's editor.
   */
  List<ProcessIdentity> unrecorded() throws IOException {
    List<ProcessIdentity> found = new ArrayList<>();
    long self = ProcessHandle.current().pid();
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(PROC, "[0-9]*")) {
      for (Path process : processes) {
        long pid = Long.parseLong(process.getFileName().toString());
        String arguments = pid == self ? "" : arguments(pid);
        if (names(arguments) && isHypervisorOrDaemon(arguments)) {
          ProcessIdentity.of(pid).filter(this::isOurs).ifPresent(found::add);
        }
      }
    }
    return found;
  }

  private static boolean isHypervisorOrDaemon(String arguments) {
    String[] words = arguments.split("\0", -1);
    if (isProgram(words[0])) {
      return true;
    }
    String first = words[0].substring(words[0].lastIndexOf('/') + 1);
    if (!LAUNCHERS.contains(first)) {
      return false;
    }
    for (String word : words) {
      if (isProgram(word)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isProgram(String word) {
    String name = word.substring(word.lastIndexOf('/') + 1);
    return name.startsWith("qemu") || name.startsWith("virtiofsd");
  }

  private static String arguments(long pid) {
    try {
      return Files.readString(PROC.resolve(pid + "/cmdline"), StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return "";
    }
  }
}
