package io.katajava.agent.testing;

import com.google.protobuf.Message;
import io.katajava.agent.internal.wire.AddARPNeighborsRequest;
import io.katajava.agent.internal.wire.AddSwapPathRequest;
import io.katajava.agent.internal.wire.AddSwapRequest;
import io.katajava.agent.internal.wire.AgentDetails;
import io.katajava.agent.internal.wire.CheckRequest;
import io.katajava.agent.internal.wire.CloseStdinRequest;
import io.katajava.agent.internal.wire.CopyFileRequest;
import io.katajava.agent.internal.wire.CreateContainerRequest;
import io.katajava.agent.internal.wire.CreateSandboxRequest;
import io.katajava.agent.internal.wire.DestroySandboxRequest;
import io.katajava.agent.internal.wire.ExecProcessRequest;
import io.katajava.agent.internal.wire.GetDiagnosticDataRequest;
import io.katajava.agent.internal.wire.GetDiagnosticDataResponse;
import io.katajava.agent.internal.wire.GetIPTablesRequest;
import io.katajava.agent.internal.wire.GetIPTablesResponse;
import io.katajava.agent.internal.wire.GetMetricsRequest;
import io.katajava.agent.internal.wire.GetOOMEventRequest;
import io.katajava.agent.internal.wire.GuestDetailsRequest;
import io.katajava.agent.internal.wire.GuestDetailsResponse;
import io.katajava.agent.internal.wire.HealthCheckResponse;
import io.katajava.agent.internal.wire.ListInterfacesRequest;
import io.katajava.agent.internal.wire.ListRoutesRequest;
import io.katajava.agent.internal.wire.MemAgentCompactConfig;
import io.katajava.agent.internal.wire.MemAgentMemcgConfig;
import io.katajava.agent.internal.wire.MemHotplugByProbeRequest;
import io.katajava.agent.internal.wire.Metrics;
import io.katajava.agent.internal.wire.OOMEvent;
import io.katajava.agent.internal.wire.OnlineCPUMemRequest;
import io.katajava.agent.internal.wire.PauseContainerRequest;
import io.katajava.agent.internal.wire.ReadStreamRequest;
import io.katajava.agent.internal.wire.RemoveContainerRequest;
import io.katajava.agent.internal.wire.RemoveStaleVirtiofsShareMountsRequest;
import io.katajava.agent.internal.wire.ReseedRandomDevRequest;
import io.katajava.agent.internal.wire.ResizeVolumeRequest;
import io.katajava.agent.internal.wire.ResumeContainerRequest;
import io.katajava.agent.internal.wire.SetGuestDateTimeRequest;
import io.katajava.agent.internal.wire.SetIPTablesRequest;
import io.katajava.agent.internal.wire.SetIPTablesResponse;
import io.katajava.agent.internal.wire.SetPolicyRequest;
import io.katajava.agent.internal.wire.SignalProcessRequest;
import io.katajava.agent.internal.wire.StartContainerRequest;
import io.katajava.agent.internal.wire.StatsContainerRequest;
import io.katajava.agent.internal.wire.TtyWinResizeRequest;
import io.katajava.agent.internal.wire.UpdateContainerRequest;
import io.katajava.agent.internal.wire.UpdateEphemeralMountsRequest;
import io.katajava.agent.internal.wire.UpdateInterfaceRequest;
import io.katajava.agent.internal.wire.UpdateRoutesRequest;
import io.katajava.agent.internal.wire.VersionCheckResponse;
import io.katajava.agent.internal.wire.VolumeCondition;
import io.katajava.agent.internal.wire.VolumeStatsRequest;
import io.katajava.agent.internal.wire.VolumeStatsResponse;
import io.katajava.agent.internal.wire.VolumeUsage;
import io.katajava.agent.internal.wire.WaitProcessRequest;
import io.katajava.agent.internal.wire.WriteStreamRequest;
import io.katajava.agent.ttrpc.TtrpcStatus;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** All 44 RPCs of the fake agent. */
final class FakeService {

  /** What is done with a request. */
  interface Action<T extends Message> {
    Message act(T request) throws Exception;
  }

  /** A call that is answered when something happened. */
  interface Wait<T extends Message> {
    CompletableFuture<? extends Message> begin(T request) throws Exception;
  }

  /** An RPC: its request type, and what to do. */
  record Method(Message prototype, boolean waits, Wait<Message> handler) {
    CompletionStage<? extends Message> handle(Message request) throws Exception {
      return handler.begin(request);
    }
  }

  private final Map<String, Method> methods = new LinkedHashMap<>();
  private final FakeGuest guest;
  private final FakeContainers containers;
  private String service = "grpc.AgentService";

  private FakeService(FakeGuest guest, FakeContainers containers) {
    this.guest = guest;
    this.containers = containers;
  }

  static Map<String, Method> handlers(FakeGuest guest, FakeContainers containers) {
    FakeService all = new FakeService(guest, containers);
    all.sandboxAndContainers();
    all.processes();
    all.network();
    all.machine();
    all.diagnostics();
    all.service = "grpc.Health";
    all.health();
    return all.methods;
  }

  @SuppressWarnings("unchecked")
  private <T extends Message> void reply(String rpc, T prototype, Action<T> action) {
    methods.put(
        service + "/" + rpc,
        new Method(
            prototype,
            false,
            request -> CompletableFuture.completedFuture(action.act((T) request))));
  }

  /** Named apart, because a lambda does not tell which of the two it is. */
  private interface Deed<T extends Message> {
    void act(T request) throws Exception;
  }

  @SuppressWarnings("unchecked")
  private <T extends Message> void run(String rpc, T prototype, Deed<T> deed) {
    methods.put(
        service + "/" + rpc,
        new Method(
            prototype,
            false,
            request -> {
              deed.act((T) request);
              return FakeAgent.done();
            }));
  }

  @SuppressWarnings("unchecked")
  private <T extends Message> void await(String rpc, T prototype, Wait<T> wait) {
    methods.put(
        service + "/" + rpc, new Method(prototype, true, request -> wait.begin((T) request)));
  }

  private void sandboxAndContainers() {
    run("CreateSandbox", CreateSandboxRequest.getDefaultInstance(), r -> {});
    run("DestroySandbox", DestroySandboxRequest.getDefaultInstance(), r -> containers.removeAll());
    run("CreateContainer", CreateContainerRequest.getDefaultInstance(), containers::create);
    run(
        "StartContainer",
        StartContainerRequest.getDefaultInstance(),
        r -> containers.start(r.getContainerId()));
    run(
        "RemoveContainer",
        RemoveContainerRequest.getDefaultInstance(),
        r -> containers.remove(r.getContainerId()));
    run(
        "UpdateContainer",
        UpdateContainerRequest.getDefaultInstance(),
        r -> containers.update(r.getContainerId(), r.getResources()));
    reply(
        "StatsContainer",
        StatsContainerRequest.getDefaultInstance(),
        r -> containers.stats(r.getContainerId()));
    run(
        "PauseContainer",
        PauseContainerRequest.getDefaultInstance(),
        r -> containers.pause(r.getContainerId(), true));
    run(
        "ResumeContainer",
        ResumeContainerRequest.getDefaultInstance(),
        r -> containers.pause(r.getContainerId(), false));
    run("UpdateEphemeralMounts", UpdateEphemeralMountsRequest.getDefaultInstance(), r -> {});
    run(
        "RemoveStaleVirtiofsShareMounts",
        RemoveStaleVirtiofsShareMountsRequest.getDefaultInstance(),
        r -> {});
  }

  private void processes() {
    run("ExecProcess", ExecProcessRequest.getDefaultInstance(), containers::exec);
    run("SignalProcess", SignalProcessRequest.getDefaultInstance(), containers::signal);
    await(
        "WaitProcess",
        WaitProcessRequest.getDefaultInstance(),
        r -> containers.waitFor(r.getContainerId(), r.getExecId()));
    await(
        "ReadStdout",
        ReadStreamRequest.getDefaultInstance(),
        r -> containers.read(r.getContainerId(), r.getExecId(), r.getLen(), false));
    await(
        "ReadStderr",
        ReadStreamRequest.getDefaultInstance(),
        r -> containers.read(r.getContainerId(), r.getExecId(), r.getLen(), true));
    reply("WriteStdin", WriteStreamRequest.getDefaultInstance(), containers::write);
    run(
        "CloseStdin",
        CloseStdinRequest.getDefaultInstance(),
        r -> containers.closeInput(r.getContainerId(), r.getExecId()));
    run("TtyWinResize", TtyWinResizeRequest.getDefaultInstance(), containers::resize);
  }

  private void network() {
    reply(
        "UpdateInterface",
        UpdateInterfaceRequest.getDefaultInstance(),
        r -> guest.update(r.getInterface()));
    reply(
        "UpdateRoutes", UpdateRoutesRequest.getDefaultInstance(), r -> guest.update(r.getRoutes()));
    reply("ListInterfaces", ListInterfacesRequest.getDefaultInstance(), r -> guest.interfaces());
    reply("ListRoutes", ListRoutesRequest.getDefaultInstance(), r -> guest.routes());
    run(
        "AddARPNeighbors",
        AddARPNeighborsRequest.getDefaultInstance(),
        r -> guest.add(r.getNeighbors().getARPNeighborsList()));
    reply(
        "GetIPTables",
        GetIPTablesRequest.getDefaultInstance(),
        r -> GetIPTablesResponse.newBuilder().setData(guest.ipTables(r.getIsIpv6())).build());
    reply(
        "SetIPTables",
        SetIPTablesRequest.getDefaultInstance(),
        r -> {
          guest.setIpTables(r.getIsIpv6(), r.getData());
          return SetIPTablesResponse.getDefaultInstance();
        });
  }

  private void machine() {
    run("OnlineCPUMem", OnlineCPUMemRequest.getDefaultInstance(), r -> {});
    run("MemHotplugByProbe", MemHotplugByProbeRequest.getDefaultInstance(), r -> {});
    run(
        "ReseedRandomDev",
        ReseedRandomDevRequest.getDefaultInstance(),
        r -> {
          if (r.getData().isEmpty()) {
            throw FakeContainers.refused(TtrpcStatus.INVALID_ARGUMENT, "no entropy");
          }
        });
    run(
        "SetGuestDateTime",
        SetGuestDateTimeRequest.getDefaultInstance(),
        r -> guest.setClock(Instant.ofEpochSecond(r.getSec(), r.getUsec() * 1_000)));
    run("CopyFile", CopyFileRequest.getDefaultInstance(), guest::copy);
    run(
        "AddSwap",
        AddSwapRequest.getDefaultInstance(),
        r -> guest.addSwap(r.getPCIPathList().toString()));
    run("AddSwapPath", AddSwapPathRequest.getDefaultInstance(), r -> guest.addSwap(r.getPath()));
    run("MemAgentMemcgSet", MemAgentMemcgConfig.getDefaultInstance(), r -> {});
    run("MemAgentCompactSet", MemAgentCompactConfig.getDefaultInstance(), r -> {});
    reply(
        "GetVolumeStats",
        VolumeStatsRequest.getDefaultInstance(),
        r -> {
          if (r.getVolumeGuestPath().startsWith("/no/")) {
            throw FakeContainers.refused(
                TtrpcStatus.NOT_FOUND, "volume " + r.getVolumeGuestPath() + ": not there");
          }
          return VolumeStatsResponse.newBuilder()
              .addUsage(usage(VolumeUsage.Unit.BYTES, 1 << 20))
              .addUsage(usage(VolumeUsage.Unit.INODES, 1 << 10))
              .setVolumeCondition(VolumeCondition.newBuilder().setMessage("fine"))
              .build();
        });
    run(
        "ResizeVolume",
        ResizeVolumeRequest.getDefaultInstance(),
        r -> {
          throw FakeContainers.refused(TtrpcStatus.UNIMPLEMENTED, "volumes keep their size");
        });
  }

  private static VolumeUsage usage(VolumeUsage.Unit unit, long total) {
    return VolumeUsage.newBuilder()
        .setUnit(unit)
        .setTotal(total)
        .setUsed(total / 4)
        .setAvailable(total - total / 4)
        .build();
  }

  private void diagnostics() {
    reply(
        "GetGuestDetails",
        GuestDetailsRequest.getDefaultInstance(),
        r ->
            GuestDetailsResponse.newBuilder()
                .setMemBlockSizeBytes(r.getMemBlockSize() ? 128L << 20 : 0)
                .setAgentDetails(
                    AgentDetails.newBuilder()
                        .setVersion("0.0.0-fake")
                        .setInitDaemon(true)
                        .addStorageHandlers("ephemeral")
                        .setSupportsSeccomp(true))
                .build());
    await(
        "GetOOMEvent",
        GetOOMEventRequest.getDefaultInstance(),
        r ->
            guest
                .nextOutOfMemory()
                .thenApply(id -> OOMEvent.newBuilder().setContainerId(id).build()));
    reply(
        "GetMetrics",
        GetMetricsRequest.getDefaultInstance(),
        r -> Metrics.newBuilder().setMetrics("# TYPE fake gauge\nfake 1\n").build());
    reply(
        "GetDiagnosticData",
        GetDiagnosticDataRequest.getDefaultInstance(),
        r -> {
          if (!r.getLogType().equals("termination_log")) {
            throw FakeContainers.refused(
                TtrpcStatus.INVALID_ARGUMENT, "log type: " + r.getLogType());
          }
          return GetDiagnosticDataResponse.newBuilder().setData("it ended").build();
        });
    run("SetPolicy", SetPolicyRequest.getDefaultInstance(), r -> guest.setPolicy(r.getPolicy()));
  }

  private void health() {
    reply(
        "Check",
        CheckRequest.getDefaultInstance(),
        r ->
            HealthCheckResponse.newBuilder()
                .setStatus(HealthCheckResponse.ServingStatus.SERVING)
                .build());
    reply(
        "Version",
        CheckRequest.getDefaultInstance(),
        r ->
            VersionCheckResponse.newBuilder()
                .setAgentVersion("kata-java 0.0.0-fake")
                .setGrpcVersion("0.0.1")
                .build());
  }
}
