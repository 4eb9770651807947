package io.katajava.qemu.internal;

import io.katajava.qemu.MemoryBackend;
import io.katajava.qemu.QemuConfig;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the QEMU of a clone comes to its template's memory: in no way that lets it write there. Where
 * QEMU offers to open the file for reading only ({@code rom} of {@code memory-backend-file}, from
 * 8.2), it does, and its user may read it; else it is given a sealed copy.
 *
 * @param readOnly whether QEMU is told to open memory files for reading
 * @param sealed the copy it is given, or null
 */
record MappedMemory(boolean readOnly, SealedMemories.@Nullable Lease sealed)
    implements AutoCloseable {
  /** Where the child finds what the JVM can only give it as its standard input. */
  private static final int DESCRIPTOR = 3;

  /** Moves it there, which costs a millisecond, and has QEMU read nothing from it as a console. */
  private static final String MOVE = "exec " + DESCRIPTOR + "<&0 0</dev/null \"$@\"";

  static MappedMemory of(
      @Nullable SharedMemoryFile file, QemuCapabilities capabilities, RunAs runAs)
      throws IOException {
    boolean readOnly = capabilities.readOnlyMemory();
    // The JVM's own user can write what it owns anyway, and root everything.
    if (file == null || file.isWritten() || readOnly || runAs.uid() == null) {
      return new MappedMemory(readOnly, null);
    }
    return new MappedMemory(false, SealedMemories.ofThisJvm().of(file.path()));
  }

  /** What the command line is made of. */
  QemuConfig in(QemuConfig config) {
    if (sealed == null) {
      return config;
    }
    return config.toBuilder()
        .memoryLayout(
            config
                .memoryLayout()
                .on(new MemoryBackend.MappedFile(Path.of("/proc/self/fd/" + DESCRIPTOR), false)))
        .build();
  }

  /** What comes before the rest of the command. */
  List<String> prefix() {
    return sealed == null ? List.of() : List.of("/bin/sh", "-c", MOVE, "sh");
  }

  void handTo(ProcessBuilder builder) {
    if (sealed != null) {
      builder.redirectInput(new File(sealed.path().toString()));
    }
  }

  @Override
  public void close() {
    if (sealed != null) {
      sealed.close();
    }
  }
}
