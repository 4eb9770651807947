package io.katajava.testing;

import io.katajava.Choice;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.StartPhase;
import io.katajava.agent.AgentAddress;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmExit;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/** A hypervisor whose only machine is a {@link FakeAgent}. */
public final class FakeMachine implements Hypervisor, VirtualMachine {
  private final FakeAgent agent;
  private final CompletableFuture<VmExit> exit = new CompletableFuture<>();

  /**
   * What its end fails with, once by its stop and once by its close, which ends it all the same.
   */
  public final Queue<Error> failures = new ConcurrentLinkedQueue<>();

  public FakeMachine(FakeAgent agent) {
    this.agent = agent;
  }

  /** A runtime whose sandboxes are this machine. */
  public Kata kata(Path directory) {
    return builder(directory).build();
  }

  /** A runtime to be made, whose sandboxes are this machine. */
  public Kata.Builder builder(Path directory) {
    GuestAssets guest =
        new GuestAssets(
            directory.resolve("kernel"),
            Optional.empty(),
            List.of(),
            GuestAssets.DEFAULT_AGENT_PORT,
            Map.of("busybox", "/usr/lib/kata/rootfs/busybox"),
            Optional.of("/usr/lib/kata/pause"),
            Map.of(),
            "fake",
            List.of());
    return Kata.builder()
        .hypervisor(this)
        .guest(guest)
        .stateDirectory(directory.resolve("s"))
        .cacheDirectory(directory.resolve("c"));
  }

  /** The machine ends by itself. */
  public void crash() {
    agent.close();
    exit.complete(new VmExit(1, "it crashed"));
  }

  @Override
  public String name() {
    return "fake";
  }

  @Override
  public VmSizes defaultSizes() {
    return new VmSizes(1, MemorySize.mebibytes(64));
  }

  @Override
  public VirtualMachine launch(VmSpec spec, StartContext context) {
    context.enter(StartPhase.VM_PROCESS);
    context.enter(StartPhase.QMP);
    Object call = context.commands().begin("query-status");
    context.commands().end(call, "query-status", 1_000, null);
    return this;
  }

  @Override
  public List<Choice> describe(VmSpec spec) {
    return List.of();
  }

  @Override
  public List<String> commandLine(VmSpec spec, Path stateDirectory) {
    return List.of("fake");
  }

  @Override
  public AgentAddress agent() {
    return agent.address();
  }

  @Override
  public long pid() {
    return ProcessHandle.current().pid();
  }

  @Override
  public CompletableFuture<VmExit> onExit() {
    return exit;
  }

  @Override
  public VmEvidence evidence() {
    return VmEvidence.none();
  }

  @Override
  public boolean isTrusted() {
    return true;
  }

  @Override
  public void stop(Duration grace) {
    fail();
    exit.complete(new VmExit(0, "it was told to"));
  }

  @Override
  public void close() {
    exit.complete(new VmExit(0, "it was closed"));
    fail();
  }

  private void fail() {
    Error failure = failures.poll();
    if (failure != null) {
      throw failure;
    }
  }
}
