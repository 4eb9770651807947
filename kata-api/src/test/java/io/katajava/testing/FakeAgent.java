package io.katajava.testing;

import com.google.protobuf.InvalidProtocolBufferException;
import io.katajava.agent.AgentAddress;
import io.katajava.agent.internal.wire.CreateContainerRequest;
import io.katajava.agent.internal.wire.ExecProcessRequest;
import io.katajava.agent.internal.wire.HealthCheckResponse;
import io.katajava.agent.internal.wire.ReadStreamRequest;
import io.katajava.agent.internal.wire.RemoveContainerRequest;
import io.katajava.agent.internal.wire.SignalExtras;
import io.katajava.agent.internal.wire.SignalProcessRequest;
import io.katajava.agent.internal.wire.StartedProcess;
import io.katajava.agent.internal.wire.VersionCheckResponse;
import io.katajava.agent.internal.wire.WaitProcessRequest;
import io.katajava.agent.internal.wire.WriteStreamRequest;
import io.katajava.agent.internal.wire.WriteStreamResponse;
import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcRequest;
import io.katajava.agent.ttrpc.TtrpcServer;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.transport.UnixSocketListener;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** An agent on a unix socket whose processes do what the test says. */
public final class FakeAgent implements AutoCloseable {
  private static final String AGENT = "grpc.AgentService";
  private static final byte[] EMPTY = {};

  /** Makes a reply out of a request's payload. */
  @FunctionalInterface
  public interface Answer {
    byte[] answer(byte[] payload) throws Exception;
  }

  private final Path socket;
  private final TtrpcServer server;
  private final Map<String, FakeProcess> processes = new ConcurrentHashMap<>();
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final AtomicInteger pids = new AtomicInteger(1);
  private volatile boolean silent;
  private volatile Consumer<FakeProcess> onStart = process -> {};

  /** Methods as they were called. */
  public final List<String> calls = new CopyOnWriteArrayList<>();

  /** The trace contexts that came with them: method, space, {@code traceparent} or a hyphen. */
  public final List<String> traces = new CopyOnWriteArrayList<>();

  /** Requests to create containers, as they came. */
  public final List<CreateContainerRequest> created = new CopyOnWriteArrayList<>();

  /** Requests to execute, as they came. */
  public final List<ExecProcessRequest> executed = new CopyOnWriteArrayList<>();

  private FakeAgent(Path socket) {
    this.socket = socket;
    this.server = build();
  }

  public static FakeAgent listenIn(Path directory) throws IOException {
    FakeAgent agent = new FakeAgent(directory.resolve("agent.sock"));
    agent.server.listen(UnixSocketListener.listen(agent.socket));
    return agent;
  }

  public AgentAddress address() {
    return new AgentAddress.UnixSocket(socket);
  }

  /** What happens with processes when they are started, inits of containers included. */
  public FakeAgent onStart(Consumer<FakeProcess> behaviour) {
    this.onStart = behaviour;
    return this;
  }

  /** From now on it takes every call and answers none, like one whose machine stands still. */
  public void fallSilent() {
    silent = true;
  }

  /** Replaces or adds the answer to one method of the agent. */
  public FakeAgent answering(String method, Answer answer) {
    answers.put(method, answer);
    return this;
  }

  public FakeProcess process(String containerId, String execId) {
    FakeProcess process =
        processes.get(containerId + "/" + (execId.isEmpty() ? containerId : execId));
    if (process == null) {
      throw new TtrpcException(TtrpcStatus.NOT_FOUND, "no process " + execId);
    }
    return process;
  }

  private TtrpcServer build() {
    TtrpcServer.Builder builder = TtrpcServer.builder();
    builder.async(
        "grpc.Health",
        "Check",
        request ->
            silent
                ? new CompletableFuture<>()
                : done(
                    HealthCheckResponse.newBuilder()
                        .setStatus(HealthCheckResponse.ServingStatus.SERVING)
                        .build()
                        .toByteArray()));
    builder.unary(
        "grpc.Health",
        "Version",
        request ->
            VersionCheckResponse.newBuilder()
                .setAgentVersion("kata-java fake")
                .setGrpcVersion("0.0.1")
                .build()
                .toByteArray());
    for (String method : METHODS) {
      builder.async(AGENT, method, request -> handle(method, request));
    }
    return builder.build();
  }

  private static final List<String> METHODS =
      List.of(
          "CreateSandbox",
          "DestroySandbox",
          "CreateContainer",
          "StartContainer",
          "RemoveContainer",
          "ExecProcess",
          "SignalProcess",
          "WaitProcess",
          "ReadStdout",
          "ReadStderr",
          "WriteStdin",
          "CloseStdin",
          "TtyWinResize",
          "UpdateContainer",
          "StatsContainer",
          "PauseContainer",
          "ResumeContainer",
          "GetOOMEvent",
          "GetMetrics",
          "CopyFile",
          "ListInterfaces",
          "ListRoutes",
          "UpdateInterface",
          "UpdateRoutes",
          "AddARPNeighbors",
          "GetVolumeStats");

  private CompletableFuture<byte[]> handle(String method, TtrpcRequest request) {
    calls.add(method);
    traces.add(method + " " + request.metadata().getOrDefault("traceparent", List.of("-")).get(0));
    if (silent) {
      return new CompletableFuture<>();
    }
    try {
      Answer own = answers.get(method);
      if (own != null) {
        return CompletableFuture.completedFuture(own.answer(request.bytes()));
      }
      return builtIn(method, request.bytes());
    } catch (Exception e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<byte[]> builtIn(String method, byte[] payload)
      throws InvalidProtocolBufferException {
    switch (method) {
      case "CreateContainer" -> {
        CreateContainerRequest create = CreateContainerRequest.parseFrom(payload);
        created.add(create);
        String id = create.getContainerId();
        if (processes.putIfAbsent(
                id + "/" + id, new FakeProcess(create.getOCI().getProcess().getArgsList()))
            != null) {
          throw new TtrpcException(TtrpcStatus.ALREADY_EXISTS, "container " + id + " exists");
        }
        return done(EMPTY);
      }
      case "StartContainer" -> {
        String started =
            io.katajava.agent.internal.wire.StartContainerRequest.parseFrom(payload)
                .getContainerId();
        onStart.accept(process(started, ""));
        return done(StartedProcess.newBuilder().setPid(1).build().toByteArray());
      }
      case "RemoveContainer" -> {
        String removed = RemoveContainerRequest.parseFrom(payload).getContainerId();
        processes.entrySet().stream()
            .filter(entry -> entry.getKey().startsWith(removed + "/"))
            .forEach(entry -> entry.getValue().signal(9, false));
        processes.keySet().removeIf(key -> key.startsWith(removed + "/"));
        return done(EMPTY);
      }
      case "ExecProcess" -> {
        ExecProcessRequest exec = ExecProcessRequest.parseFrom(payload);
        executed.add(exec);
        FakeProcess process = new FakeProcess(exec.getProcess().getArgsList());
        processes.put(exec.getContainerId() + "/" + exec.getExecId(), process);
        onStart.accept(process);
        return done(
            StartedProcess.newBuilder().setPid(pids.incrementAndGet()).build().toByteArray());
      }
      case "SignalProcess" -> {
        SignalProcessRequest signal = SignalProcessRequest.parseFrom(payload);
        process(signal.getContainerId(), signal.getExecId())
            .signal(signal.getSignal(), SignalExtras.parseFrom(payload).getProcessGroup());
        return done(EMPTY);
      }
      case "WaitProcess" -> {
        WaitProcessRequest wait = WaitProcessRequest.parseFrom(payload);
        return process(wait.getContainerId(), wait.getExecId()).end();
      }
      case "ReadStdout", "ReadStderr" -> {
        ReadStreamRequest read = ReadStreamRequest.parseFrom(payload);
        return process(read.getContainerId(), read.getExecId())
            .read(method.equals("ReadStdout") ? 0 : 1, read.getLen());
      }
      case "WriteStdin" -> {
        WriteStreamRequest write = WriteStreamRequest.parseFrom(payload);
        FakeProcess reader = process(write.getContainerId(), write.getExecId());
        if (write.getData().isEmpty()) {
          reader.stdinClosed.complete(null);
        } else {
          reader.stdin.add(write.getData().toByteArray());
        }
        return done(
            WriteStreamResponse.newBuilder().setLen(write.getData().size()).build().toByteArray());
      }
      case "GetOOMEvent" -> {
        return new CompletableFuture<>();
      }
      default -> {
        return done(EMPTY);
      }
    }
  }

  private static CompletableFuture<byte[]> done(byte[] reply) {
    return CompletableFuture.completedFuture(reply);
  }

  @Override
  public void close() {
    server.close();
  }
}
