package io.katajava.agent;

import com.google.protobuf.ByteString;
import com.google.protobuf.Empty;
import io.katajava.agent.internal.OciWire;
import io.katajava.agent.internal.wire.CheckRequest;
import io.katajava.agent.internal.wire.CloseStdinRequest;
import io.katajava.agent.internal.wire.DestroySandboxRequest;
import io.katajava.agent.internal.wire.GuestDetailsRequest;
import io.katajava.agent.internal.wire.GuestDetailsResponse;
import io.katajava.agent.internal.wire.HealthCheckResponse;
import io.katajava.agent.internal.wire.PauseContainerRequest;
import io.katajava.agent.internal.wire.ReadStreamRequest;
import io.katajava.agent.internal.wire.ReadStreamResponse;
import io.katajava.agent.internal.wire.RemoveContainerRequest;
import io.katajava.agent.internal.wire.ResumeContainerRequest;
import io.katajava.agent.internal.wire.SandboxExtras;
import io.katajava.agent.internal.wire.SignalExtras;
import io.katajava.agent.internal.wire.SignalProcessRequest;
import io.katajava.agent.internal.wire.StartContainerRequest;
import io.katajava.agent.internal.wire.StartedProcess;
import io.katajava.agent.internal.wire.StatsContainerRequest;
import io.katajava.agent.internal.wire.StatsContainerResponse;
import io.katajava.agent.internal.wire.TtyWinResizeRequest;
import io.katajava.agent.internal.wire.UpdateContainerRequest;
import io.katajava.agent.internal.wire.VersionCheckResponse;
import io.katajava.agent.internal.wire.WaitProcessRequest;
import io.katajava.agent.internal.wire.WaitProcessResponse;
import io.katajava.agent.oci.OciResources;
import io.katajava.agent.ttrpc.TtrpcClient;
import io.katajava.agent.ttrpc.TtrpcClientOptions;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.transport.Connection;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * A client of the agent of one guest. Safe for any number of threads and calls at the same time.
 *
 * <p>Blocking methods wait at most their deadline ({@link AgentClientOptions#callDeadline}, or
 * {@link #withDeadline}) and can be interrupted. Methods that return futures wait for something in
 * the guest without limit; cancelling the future forgets the call. Every method throws {@link
 * AgentException}, or completes with it.
 */
public final class AgentClient implements AutoCloseable {

  /** The longest wait for {@link #check} unless {@link #withDeadline} says otherwise. */
  public static final Duration CHECK_DEADLINE = Duration.ofSeconds(30);

  /** Reads that {@link #transferStdout} keeps under way at an agent that allows it. */
  public static final int READS_AHEAD = 4;

  /** Most bytes one read asks for. */
  static final int MAX_READ = 1024 * 1024;

  private static final int SIGKILL = 9;

  private final AgentCalls calls;
  private final Optional<Duration> deadline;

  private AgentClient(AgentCalls calls, Optional<Duration> deadline) {
    this.calls = calls;
    this.deadline = deadline;
  }

  /**
   * Connects to an agent. With a guest that is starting this waits until the agent is there.
   *
   * @param address where it listens
   * @param options timeouts and names
   * @return a client; closing it closes the connection
   * @throws AgentException with rpc {@code connect}, if nobody is there in time (UNAVAILABLE) or
   *     this thread was interrupted (CANCELLED; its interrupt flag is set again)
   */
  public static AgentClient connect(AgentAddress address, AgentClientOptions options) {
    Connection connection;
    try {
      connection = AgentConnector.connect(address, options);
    } catch (IOException e) {
      TtrpcStatus status =
          Thread.currentThread().isInterrupted() ? TtrpcStatus.CANCELLED : TtrpcStatus.UNAVAILABLE;
      throw new AgentException(
          status,
          "connect",
          options.name(),
          "connecting to the agent at " + address,
          AgentCalls.printable(String.valueOf(e.getMessage())),
          e);
    }
    TtrpcClientOptions named = TtrpcClientOptions.named(options.name());
    TtrpcClient client =
        TtrpcClient.over(connection, options.callbacks().map(named::withCallbacks).orElse(named));
    return new AgentClient(new AgentCalls(client, options), Optional.empty());
  }

  /**
   * Changes the deadline of blocking calls.
   *
   * @param deadline positive
   * @return a view of this client that shares its connection
   */
  public AgentClient withDeadline(Duration deadline) {
    if (deadline.isZero() || deadline.isNegative()) {
      throw new IllegalArgumentException("the deadline must be positive but is " + deadline);
    }
    return new AgentClient(calls, Optional.of(deadline));
  }

  /**
   * Lets another follow the calls of a part of the work, instead of {@link
   * AgentClientOptions#observer}.
   *
   * @param observer is told of calls made through the returned view
   * @return a view of this client that shares its connection
   */
  public AgentClient observedBy(AgentObserver observer) {
    return new AgentClient(calls.observedBy(observer), deadline);
  }

  private Duration deadline() {
    return deadline.orElse(calls.options().callDeadline());
  }

  /**
   * Tells when the connection is gone.
   *
   * @return completed once with the reason, also after {@link #close}
   */
  public CompletableFuture<AgentException> onClose() {
    return calls.client().onClose().thenApply(reason -> calls.failure("connection", "", reason));
  }

  /** Closes the connection, also of every view. Waiting calls fail at once. */
  @Override
  public void close() {
    calls.client().close();
  }

  /**
   * Asks whether the agent takes calls ({@code Health.Check}). Waits 30 s at most.
   *
   * @return what it says
   */
  public HealthStatus check() {
    Duration limit =
        deadline.orElseGet(
            () ->
                calls.options().callDeadline().compareTo(CHECK_DEADLINE) < 0
                    ? calls.options().callDeadline()
                    : CHECK_DEADLINE);
    HealthCheckResponse reply =
        calls.call(
            AgentCalls.HEALTH,
            "Check",
            "",
            CheckRequest.getDefaultInstance(),
            HealthCheckResponse.parser(),
            limit);
    return switch (reply.getStatus()) {
      case SERVING -> HealthStatus.SERVING;
      case NOT_SERVING -> HealthStatus.NOT_SERVING;
      default -> HealthStatus.UNKNOWN;
    };
  }

  /**
   * Asks for versions ({@code Health.Version}).
   *
   * @return of agent and protocol
   */
  public AgentVersion version() {
    VersionCheckResponse reply =
        calls.call(
            AgentCalls.HEALTH,
            "Version",
            "",
            CheckRequest.getDefaultInstance(),
            VersionCheckResponse.parser(),
            deadline());
    return new AgentVersion(reply.getAgentVersion(), reply.getGrpcVersion());
  }

  /**
   * Asks what the sandbox was given to be known by when it was created ({@code Version}).
   *
   * @return {@link SandboxRequest#identity()}; empty when there was none, or no sandbox, or when
   *     the agent is not ours
   */
  public Optional<String> sandboxIdentity() {
    SandboxExtras reply =
        calls.call(
            AgentCalls.HEALTH,
            "Version",
            "",
            CheckRequest.getDefaultInstance(),
            SandboxExtras.parser(),
            deadline());
    return Optional.of(reply.getIdentity()).filter(identity -> !identity.isEmpty());
  }

  /**
   * Asks what guest and agent can do ({@code GetGuestDetails}).
   *
   * @return the details, memory blocks included
   */
  public GuestDetails guestDetails() {
    GuestDetailsRequest request =
        GuestDetailsRequest.newBuilder().setMemBlockSize(true).setMemHotplugProbe(true).build();
    return ReplyValues.guestDetails(
        calls.call("GetGuestDetails", "", request, GuestDetailsResponse.parser(), deadline()));
  }

  /**
   * Prepares the guest for containers ({@code CreateSandbox}). Call it once only: upstream's agent
   * deletes mounted shares at the second.
   *
   * @param request what to prepare
   */
  public void createSandbox(SandboxRequest request) {
    calls.run("CreateSandbox", request.sandboxId(), RequestWire.sandbox(request), deadline());
  }

  /**
   * Ends all containers, then the agent ({@code DestroySandbox}); a guest whose process 1 it is
   * powers off. The connection may break around the reply, which counts as success.
   */
  public void destroySandbox() {
    boolean connected = !onClose().isDone();
    try {
      calls.run("DestroySandbox", "", DestroySandboxRequest.getDefaultInstance(), deadline());
    } catch (AgentException e) {
      if (!connected || e.status() != TtrpcStatus.UNAVAILABLE) {
        throw e;
      }
    }
  }

  /**
   * Builds a container ({@code CreateContainer}). A program that is missing, a mount that fails and
   * the like are reported here.
   *
   * @param request what to build
   */
  public void createContainer(ContainerRequest request) {
    calls.run("CreateContainer", request.containerId(), RequestWire.container(request), deadline());
  }

  /**
   * Lets the container's first process run ({@code StartContainer}).
   *
   * @param containerId the container
   * @return the process's pid in the container; empty when the agent does not tell, as upstream's
   */
  public OptionalInt startContainer(String containerId) {
    return pid(
        calls.call(
            "StartContainer",
            containerId,
            StartContainerRequest.newBuilder().setContainerId(containerId).build(),
            StartedProcess.parser(),
            deadline()));
  }

  private static OptionalInt pid(StartedProcess started) {
    return started.getPid() > 0 ? OptionalInt.of(started.getPid()) : OptionalInt.empty();
  }

  /**
   * Kills what is left of a container and forgets it ({@code RemoveContainer}).
   *
   * @param containerId the container
   * @param timeout how long the agent may take, rounded up to whole seconds; zero for no limit. The
   *     call waits that much longer than its deadline
   */
  public void removeContainer(String containerId, Duration timeout) {
    long seconds = timeout.plusSeconds(1).minusNanos(1).toSeconds();
    calls.run(
        "RemoveContainer",
        containerId,
        RemoveContainerRequest.newBuilder()
            .setContainerId(containerId)
            .setTimeout((int) Math.min(seconds, Integer.MAX_VALUE))
            .build(),
        deadline().plus(timeout));
  }

  /**
   * Starts a further process in a container ({@code ExecProcess}). If nobody waits for the agent's
   * word any more, because the deadline passed or the thread was interrupted, the process is killed
   * when that word comes: it would be nobody's.
   *
   * @param request what to start
   * @return its pid in the container; empty when the agent does not tell, as upstream's
   */
  public OptionalInt execProcess(ExecRequest request) {
    String what = request.containerId() + "/" + request.execId();
    CompletableFuture<OptionalInt> started =
        calls.callAsync(
            "ExecProcess",
            what,
            RequestWire.exec(request),
            StartedProcess.parser(),
            AgentClient::pid);
    try {
      return calls.await("ExecProcess", what, started, deadline());
    } catch (AgentException e) {
      started.thenRun(() -> killUnwanted(request.containerId(), request.execId()));
      throw e;
    }
  }

  private void killUnwanted(String containerId, String execId) {
    calls.callAsync(
        "SignalProcess",
        containerId + "/" + execId,
        groupSignal(containerId, execId, SIGKILL),
        Empty.parser(),
        reply -> reply);
    // So that the agent need not remember it.
    waitProcess(containerId, execId);
  }

  /**
   * Waits for the end of a process ({@code WaitProcess}). Trap: upstream's agent forgets the
   * process and its output then, so read both streams to their end first.
   *
   * @param containerId the container
   * @param execId the process; empty for the container's first
   * @return its exit code, or 128 + the signal that ended it
   */
  public CompletableFuture<Integer> waitProcess(String containerId, String execId) {
    return calls.callAsync(
        "WaitProcess",
        containerId + "/" + execId,
        WaitProcessRequest.newBuilder().setContainerId(containerId).setExecId(execId).build(),
        WaitProcessResponse.parser(),
        WaitProcessResponse::getStatus);
  }

  /**
   * As {@link #waitProcess}, telling an exit code from a signal as far as the agent does.
   *
   * @param containerId the container
   * @param execId the process; empty for the container's first
   * @return how it ended
   */
  public CompletableFuture<ProcessEnd> waitProcessEnd(String containerId, String execId) {
    return calls.callAsync(
        "WaitProcess",
        containerId + "/" + execId,
        WaitProcessRequest.newBuilder().setContainerId(containerId).setExecId(execId).build(),
        WaitProcessResponse.parser(),
        ReplyValues::processEnd);
  }

  /**
   * Reads standard output, or everything from the terminal of a process that has one ({@code
   * ReadStdout}). Trap: a terminal may end with INTERNAL instead of an empty answer.
   *
   * @param containerId the container
   * @param execId the process; empty for the container's first
   * @param maxBytes the most bytes wanted, at least 1; more than 1 MiB is cut to it
   * @return at least one byte, or none at the end of the stream
   */
  public CompletableFuture<byte[]> readStdout(String containerId, String execId, int maxBytes) {
    return read("ReadStdout", containerId, execId, maxBytes, ByteString::toByteArray);
  }

  /**
   * Reads standard error ({@code ReadStderr}).
   *
   * @param containerId the container
   * @param execId the process; empty for the container's first
   * @param maxBytes the most bytes wanted, at least 1; more than 1 MiB is cut to it
   * @return at least one byte, or none at the end of the stream
   */
  public CompletableFuture<byte[]> readStderr(String containerId, String execId, int maxBytes) {
    return read("ReadStderr", containerId, execId, maxBytes, ByteString::toByteArray);
  }

  /**
   * Moves standard output, or everything from the terminal, to a stream until its end. Waits as
   * long as the process writes. Our agent answers the reads of a stream in order, so {@value
   * #READS_AHEAD} are under way at it; upstream's does not promise that and gets one at a time.
   *
   * @param containerId the container
   * @param execId the process; empty for the container's first
   * @param target gets the bytes; not closed
   * @return how many there were
   * @throws IOException if the target failed; what was read ahead is lost then
   * @throws AgentException as every call; CANCELLED if this thread was interrupted, whose flag is
   *     set again
   */
  public long transferStdout(String containerId, String execId, OutputStream target)
      throws IOException {
    int ahead = calls.answersInOrder(this::version) ? READS_AHEAD : 1;
    try {
      return new OutputTransfer(
              () -> read("ReadStdout", containerId, execId, MAX_READ, data -> data), ahead)
          .to(target);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AgentException(
          TtrpcStatus.CANCELLED,
          "ReadStdout",
          calls.options().name(),
          "ReadStdout of " + containerId + "/" + execId,
          "interrupted while waiting",
          e);
    }
  }

  private <T> CompletableFuture<T> read(
      String rpc, String containerId, String execId, int maxBytes, Function<ByteString, T> result) {
    if (maxBytes < 1) {
      throw new IllegalArgumentException("a read wants at least 1 byte, not " + maxBytes);
    }
    ReadStreamRequest request =
        ReadStreamRequest.newBuilder()
            .setContainerId(containerId)
            .setExecId(execId)
            .setLen(Math.min(maxBytes, MAX_READ))
            .build();
    return calls.callAsync(
        rpc,
        containerId + "/" + execId,
        request,
        ReadStreamResponse.parser(),
        reply -> result.apply(reply.getData()));
  }

  /**
   * Writes standard input ({@code WriteStdin}), in pieces of 128 KiB one after the other. Do not
   * start a second write before the first is complete: their order would be open.
   *
   * @param containerId the container
   * @param execId the process; empty for the container's first
   * @param data what to write, not to be changed before completion; empty closes the stream
   * @return completes when the process can read everything; cancelling it ends the writing
   */
  public CompletableFuture<Void> writeStdin(String containerId, String execId, ByteBuffer data) {
    return new StdinWrite(calls, containerId, execId, data.slice()).start();
  }

  /**
   * Closes standard input ({@code CloseStdin}). Not for a process with a terminal: upstream's agent
   * would drop its output, too.
   *
   * @param containerId the container
   * @param execId the process; empty for the container's first
   */
  public void closeStdin(String containerId, String execId) {
    calls.run(
        "CloseStdin",
        containerId + "/" + execId,
        CloseStdinRequest.newBuilder().setContainerId(containerId).setExecId(execId).build(),
        deadline());
  }

  /**
   * Sends a signal ({@code SignalProcess}). A process that is dead already is no error.
   *
   * @param containerId the container
   * @param execId the process; empty with 9 for all processes of the container, empty with another
   *     signal for its first
   * @param signal as in signal(7)
   */
  public void signalProcess(String containerId, String execId, int signal) {
    calls.run(
        "SignalProcess",
        containerId + "/" + execId,
        SignalProcessRequest.newBuilder()
            .setContainerId(containerId)
            .setExecId(execId)
            .setSignal(signal)
            .build(),
        deadline());
  }

  /**
   * As {@link #signalProcess} for one process and all others of its process group. An agent that
   * does not know groups, as upstream's, signals the process alone.
   *
   * @param containerId the container
   * @param execId the process
   * @param signal as in signal(7)
   */
  public void signalProcessGroup(String containerId, String execId, int signal) {
    calls.run(
        "SignalProcess",
        containerId + "/" + execId,
        groupSignal(containerId, execId, signal),
        deadline());
  }

  private static SignalProcessRequest groupSignal(String containerId, String execId, int signal) {
    return RequestWire.merge(
            SignalProcessRequest.newBuilder()
                .setContainerId(containerId)
                .setExecId(execId)
                .setSignal(signal),
            SignalExtras.newBuilder().setProcessGroup(true).build())
        .build();
  }

  /**
   * Sets the size of a terminal ({@code TtyWinResize}). UNAVAILABLE if the process has none.
   *
   * @param containerId the container
   * @param execId the process; empty for the container's first
   * @param columns width in characters
   * @param rows height in characters
   */
  public void resizeTerminal(String containerId, String execId, int columns, int rows) {
    calls.run(
        "TtyWinResize",
        containerId + "/" + execId,
        TtyWinResizeRequest.newBuilder()
            .setContainerId(containerId)
            .setExecId(execId)
            .setColumn(columns)
            .setRow(rows)
            .build(),
        deadline());
  }

  /**
   * Changes the limits of a container ({@code UpdateContainer}).
   *
   * @param containerId the container
   * @param resources the new limits
   */
  public void updateContainer(String containerId, OciResources resources) {
    calls.run(
        "UpdateContainer",
        containerId,
        UpdateContainerRequest.newBuilder()
            .setContainerId(containerId)
            .setResources(OciWire.resources(resources))
            .build(),
        deadline());
  }

  /**
   * Asks what a container uses ({@code StatsContainer}).
   *
   * @param containerId the container
   * @return counters of its cgroup
   */
  public ContainerStats statsContainer(String containerId) {
    StatsContainerRequest request =
        StatsContainerRequest.newBuilder().setContainerId(containerId).build();
    return ReplyValues.stats(
        calls.call(
            "StatsContainer", containerId, request, StatsContainerResponse.parser(), deadline()));
  }

  /**
   * Freezes a container ({@code PauseContainer}).
   *
   * @param containerId the container, created or running
   */
  public void pauseContainer(String containerId) {
    calls.run(
        "PauseContainer",
        containerId,
        PauseContainerRequest.newBuilder().setContainerId(containerId).build(),
        deadline());
  }

  /**
   * Thaws a container ({@code ResumeContainer}).
   *
   * @param containerId the container, paused
   */
  public void resumeContainer(String containerId) {
    calls.run(
        "ResumeContainer",
        containerId,
        ResumeContainerRequest.newBuilder().setContainerId(containerId).build(),
        deadline());
  }

  /**
   * Interfaces, routes, neighbours and packet filters of the guest.
   *
   * @return a view of this client with its deadline
   */
  public AgentNetwork network() {
    return new AgentNetwork(calls, deadline());
  }

  /**
   * CPUs, memory, swap, clock and entropy of the guest.
   *
   * @return a view of this client with its deadline
   */
  public AgentMachine machine() {
    return new AgentMachine(calls, deadline());
  }

  /**
   * Files, mounts and volumes of the guest.
   *
   * @return a view of this client with its deadline
   */
  public AgentFiles files() {
    return new AgentFiles(calls, deadline());
  }

  /**
   * Metrics, diagnostics, out-of-memory events and the policy.
   *
   * @return a view of this client with its deadline
   */
  public AgentDiagnostics diagnostics() {
    return new AgentDiagnostics(calls, deadline());
  }

  /**
   * Every RPC by name, with JSON in and out.
   *
   * @return a view of this client with its deadline
   */
  public AgentJson json() {
    return new AgentJson(calls, deadline);
  }
}
