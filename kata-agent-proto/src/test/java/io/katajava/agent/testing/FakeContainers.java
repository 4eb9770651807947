package io.katajava.agent.testing;

import com.google.protobuf.ByteString;
import io.katajava.agent.internal.wire.CgroupStats;
import io.katajava.agent.internal.wire.CpuStats;
import io.katajava.agent.internal.wire.CpuUsage;
import io.katajava.agent.internal.wire.CreateContainerRequest;
import io.katajava.agent.internal.wire.ExecProcessRequest;
import io.katajava.agent.internal.wire.LinuxResources;
import io.katajava.agent.internal.wire.MemoryData;
import io.katajava.agent.internal.wire.MemoryStats;
import io.katajava.agent.internal.wire.Mount;
import io.katajava.agent.internal.wire.PidsStats;
import io.katajava.agent.internal.wire.Process;
import io.katajava.agent.internal.wire.ReadStreamResponse;
import io.katajava.agent.internal.wire.SignalProcessRequest;
import io.katajava.agent.internal.wire.Spec;
import io.katajava.agent.internal.wire.StatsContainerResponse;
import io.katajava.agent.internal.wire.TtyWinResizeRequest;
import io.katajava.agent.internal.wire.WaitProcessResponse;
import io.katajava.agent.internal.wire.WriteStreamRequest;
import io.katajava.agent.internal.wire.WriteStreamResponse;
import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/** Containers and processes of the fake guest. */
final class FakeContainers {

  private static final class Container {
    final Spec spec;
    final Map<String, FakeProcess> processes = new ConcurrentHashMap<>();
    volatile boolean started;
    volatile boolean paused;
    volatile LinuxResources resources;

    Container(Spec spec) {
      this.spec = spec;
      this.resources = spec.getLinux().getResources();
    }
  }

  private final FakeGuest guest;
  private final Map<String, FakeProgram> programs;
  private final Map<String, Container> containers = new ConcurrentHashMap<>();

  FakeContainers(FakeGuest guest, Map<String, FakeProgram> programs) {
    this.guest = guest;
    this.programs = programs;
  }

  static TtrpcException refused(TtrpcStatus status, String message) {
    return new TtrpcException(status, message);
  }

  void create(CreateContainerRequest request) {
    String id = request.getContainerId();
    if (!id.matches("[A-Za-z0-9][A-Za-z0-9_.-]+")) {
      throw refused(TtrpcStatus.INVALID_ARGUMENT, "container id: " + id);
    }
    Container container = new Container(request.getOCI());
    container.processes.put(id, process(container, request.getOCI().getProcess()));
    if (containers.putIfAbsent(id, container) != null) {
      throw refused(TtrpcStatus.ALREADY_EXISTS, "container " + id + " exists");
    }
  }

  private FakeProcess process(Container container, Process process) {
    if (process.getArgsCount() == 0) {
      throw refused(TtrpcStatus.INVALID_ARGUMENT, "the process has no arguments");
    }
    String path = process.getArgs(0);
    FakeProgram program = programs.get(path.substring(path.lastIndexOf('/') + 1));
    if (program == null) {
      throw refused(TtrpcStatus.INTERNAL, path + ": ENOENT: no such file or directory");
    }
    return new FakeProcess(guest, program, process, file -> source(container.spec, file));
  }

  /** Follows the bind mounts of a container. */
  private static String source(Spec spec, String path) {
    for (Mount mount : spec.getMountsList()) {
      if (path.equals(mount.getDestination()) || path.startsWith(mount.getDestination() + "/")) {
        return mount.getSource() + path.substring(mount.getDestination().length());
      }
    }
    return path;
  }

  private Container container(String id) {
    Container container = containers.get(id);
    if (container == null) {
      throw refused(TtrpcStatus.INVALID_ARGUMENT, "no such container: " + id);
    }
    return container;
  }

  private FakeProcess process(String id, String execId) {
    FakeProcess process = container(id).processes.get(execId.isEmpty() ? id : execId);
    if (process == null) {
      throw refused(TtrpcStatus.NOT_FOUND, "no such process: " + id + "/" + execId);
    }
    return process;
  }

  void start(String id) {
    Container container = container(id);
    if (container.started) {
      throw refused(TtrpcStatus.FAILED_PRECONDITION, "container " + id + " was started before");
    }
    container.started = true;
    process(id, "").start();
  }

  void exec(ExecProcessRequest request) {
    Container container = container(request.getContainerId());
    if (!container.started || process(request.getContainerId(), "").exit.isDone()) {
      throw refused(TtrpcStatus.FAILED_PRECONDITION, "the container is not running");
    }
    FakeProcess process = process(container, request.getProcess());
    if (request.getExecId().isEmpty()
        || container.processes.putIfAbsent(request.getExecId(), process) != null) {
      throw refused(TtrpcStatus.ALREADY_EXISTS, "exec id: " + request.getExecId());
    }
    process.start();
  }

  void signal(SignalProcessRequest request) {
    Container container = container(request.getContainerId());
    if (request.getExecId().isEmpty() && request.getSignal() == 9) {
      container.processes.values().forEach(process -> process.kill(9));
    } else {
      process(request.getContainerId(), request.getExecId()).kill(request.getSignal());
    }
  }

  CompletableFuture<WaitProcessResponse> waitFor(String id, String execId) {
    return process(id, execId)
        .exit
        .thenApply(status -> WaitProcessResponse.newBuilder().setStatus(status).build());
  }

  CompletableFuture<ReadStreamResponse> read(String id, String execId, int max, boolean error) {
    FakeProcess process = process(id, execId);
    return (error ? process.err : process.out)
        .read(max)
        .thenApply(
            data -> ReadStreamResponse.newBuilder().setData(ByteString.copyFrom(data)).build());
  }

  WriteStreamResponse write(WriteStreamRequest request) throws IOException, InterruptedException {
    FakeProcess process = process(request.getContainerId(), request.getExecId());
    if (request.getData().isEmpty()) {
      process.in.end();
    } else {
      process.in.write(request.getData().toByteArray(), 0, request.getData().size());
    }
    return WriteStreamResponse.newBuilder().setLen(request.getData().size()).build();
  }

  void closeInput(String id, String execId) {
    process(id, execId).in.end();
  }

  void resize(TtyWinResizeRequest request) {
    FakeProcess process = process(request.getContainerId(), request.getExecId());
    if (!process.terminal) {
      throw refused(TtrpcStatus.UNAVAILABLE, "the process has no terminal");
    }
    process.resize(request.getColumn(), request.getRow());
  }

  void pause(String id, boolean pause) {
    Container container = container(id);
    if (container.paused == pause) {
      throw refused(TtrpcStatus.FAILED_PRECONDITION, "container " + id + " is not to be changed");
    }
    container.paused = pause;
  }

  void update(String id, LinuxResources resources) {
    container(id).resources = resources;
  }

  StatsContainerResponse stats(String id) {
    Container container = container(id);
    long running = container.processes.values().stream().filter(p -> !p.exit.isDone()).count();
    return StatsContainerResponse.newBuilder()
        .setCgroupStats(
            CgroupStats.newBuilder()
                .setCpuStats(
                    CpuStats.newBuilder()
                        .setCpuUsage(CpuUsage.newBuilder().setTotalUsage(1_000_000)))
                .setMemoryStats(
                    MemoryStats.newBuilder()
                        .setUsage(
                            MemoryData.newBuilder()
                                .setUsage(1 << 20)
                                .setLimit(container.resources.getMemory().getLimit())))
                .setPidsStats(PidsStats.newBuilder().setCurrent(running)))
        .build();
  }

  void remove(String id) throws InterruptedException {
    Container container = container(id);
    containers.remove(id);
    for (FakeProcess process : container.processes.values()) {
      process.kill(9);
      process.join();
    }
  }

  void removeAll() throws InterruptedException {
    for (String id : List.copyOf(containers.keySet())) {
      remove(id);
    }
  }
}
