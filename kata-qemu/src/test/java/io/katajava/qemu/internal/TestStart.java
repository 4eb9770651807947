package io.katajava.qemu.internal;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.SandboxStartException;
import io.katajava.SandboxTimeline;
import io.katajava.StartPhase;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.StartContext;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What the engine lends to a start, and what a start leaves there. */
final class TestStart implements StartContext {
  static final String ID = "k7b2";

  private final Path state;
  private final Deadline deadline;
  final List<Long> processes = new ArrayList<>();
  final List<StartPhase> phases = new ArrayList<>();

  TestStart(Path state, Duration limit) {
    this.state = state;
    this.deadline = Deadline.after(limit);
  }

  /** A machine that boots the given kernel. */
  static VmSpec spec(Path kernel) {
    return spec(kernel, 1, MemorySize.mebibytes(128));
  }

  static VmSpec spec(int vcpus, MemorySize memory) {
    return spec(Path.of("/kernel"), vcpus, memory);
  }

  static VmSpec spec(Path kernel, int vcpus, MemorySize memory) {
    return new VmSpec(ID, new VmSizes(vcpus, memory), GuestAssets.of(kernel, null, "test"));
  }

  /** A file that passes as a kernel until it is booted. */
  static Path kernel(Path directory) throws IOException {
    return Files.write(directory.resolve("vmlinuz"), new byte[4096]);
  }

  /** Everything the start should have removed. */
  List<String> leftovers() throws IOException {
    List<String> left = new ArrayList<>();
    for (long pid : processes) {
      if (ProcessState.runs(pid)) {
        left.add("process " + pid);
      }
    }
    try (Stream<Path> files = Files.list(state)) {
      files.map(file -> file.getFileName().toString()).forEach(left::add);
    }
    return left;
  }

  @Override
  public String sandboxId() {
    return ID;
  }

  @Override
  public Path stateDirectory() {
    return state;
  }

  @Override
  public Deadline deadline() {
    return deadline;
  }

  @Override
  public void enter(StartPhase phase) {
    phases.add(phase);
  }

  @Override
  public void recordProcess(long pid) {
    processes.add(pid);
  }

  @Override
  public KataException failure(
      ErrorCode code,
      String message,
      @Nullable String remedy,
      VmEvidence evidence,
      @Nullable Throwable cause) {
    return new SandboxStartException(
        code,
        message,
        new KataException.Details(phases.get(phases.size() - 1), ID, remedy, cause),
        evidence,
        new SandboxTimeline(Instant.EPOCH, List.of()));
  }
}
