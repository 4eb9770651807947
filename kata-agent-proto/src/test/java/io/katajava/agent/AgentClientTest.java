package io.katajava.agent;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.internal.wire.AgentProto;
import io.katajava.agent.internal.wire.HealthProto;
import io.katajava.agent.oci.OciCapabilities;
import io.katajava.agent.oci.OciHooks;
import io.katajava.agent.oci.OciLinux;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciProcess;
import io.katajava.agent.oci.OciResources;
import io.katajava.agent.oci.OciRoot;
import io.katajava.agent.oci.OciSpec;
import io.katajava.agent.testing.FakeAgent;
import io.katajava.agent.ttrpc.TtrpcStatus;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AgentClientTest {
  private static final String SHARED = "/run/kata-containers/shared/containers/";
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  @TempDir Path directory;
  private FakeAgent agent;
  private AgentClient client;

  @BeforeEach
  void connect() throws Exception {
    agent =
        FakeAgent.builder()
            .refuse("PauseContainer", TtrpcStatus.PERMISSION_DENIED, "not\u001b[31m allowed\0")
            .listenOn(directory.resolve("a"));
    client =
        AgentClient.connect(
            agent.address(),
            AgentClientOptions.builder().name("sb-1").traceparent(() -> TRACE).build());
  }

  @AfterEach
  void close() {
    client.close();
    agent.close();
  }

  private FakeAgent.Call last() {
    return agent.calls().get(agent.calls().size() - 1);
  }

  private static OciProcess process(String... command) {
    return OciProcess.builder(List.of(command))
        .env("A", "b")
        .capabilities(OciCapabilities.NONE)
        .build();
  }

  private static OciSpec spec(String... command) {
    return new OciSpec(
        process(command),
        new OciRoot("/root/fs", false),
        "host",
        List.of(),
        OciHooks.NONE,
        Map.of("note", "text"),
        OciLinux.of(List.of(OciNamespace.create(OciNamespace.Type.MOUNT))));
  }

  private void container(String id, String... command) {
    client.createContainer(ContainerRequest.builder(id, spec(command)).build());
    client.startContainer(id);
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(30, TimeUnit.SECONDS);
  }

  /** Not one is left out: the names are those of the compiled protocol. */
  @Test
  void everyRpc_ofTheProtocol_hasAMethodThatCallsIt() throws Exception {
    sandboxCalls();
    processCalls();
    networkCalls();
    machineCalls();
    fileCalls();
    diagnosticCalls();
    client.check();
    client.version();
    client.destroySandbox();
    Set<String> called =
        agent.calls().stream().map(FakeAgent.Call::rpc).collect(Collectors.toSet());
    Set<String> all =
        Stream.of(AgentProto.getDescriptor(), HealthProto.getDescriptor())
            .flatMap(file -> file.getServices().stream())
            .flatMap(service -> service.getMethods().stream())
            .map(method -> method.getName())
            .collect(Collectors.toSet());
    assertThat(called).isEqualTo(all).hasSize(44);
    assertThat(agent.calls()).allSatisfy(call -> assertThat(traceOf(call)).isEqualTo(TRACE));
  }

  private static String traceOf(FakeAgent.Call call) {
    return call.metadata().getOrDefault("traceparent", List.of("none")).get(0);
  }

  private void sandboxCalls() {
    client.createSandbox(
        SandboxRequest.builder("sb-1")
            .hostname("h")
            .dns(List.of("nameserver 1.2.3.4"))
            .storages(List.of(new AgentStorage("ephemeral", "shm", "tmpfs", List.of("a"), "/s")))
            .guestHookPath("/hooks")
            .kernelModules(List.of(new SandboxRequest.KernelModule("m", List.of("p=1"))))
            .build());
    assertThat(last().request())
        .contains("hostname: \"h\"", "dns: \"nameserver 1.2.3.4\"", "sandbox_id: \"sb-1\"")
        .contains("driver: \"ephemeral\"", "source: \"shm\"", "mount_point: \"/s\"")
        .contains("guest_hook_path: \"/hooks\"", "name: \"m\"", "parameters: \"p=1\"");
    container("c-1", "cat");
    FakeAgent.Call created =
        agent.calls().stream().filter(c -> c.rpc().equals("CreateContainer")).findAny().get();
    assertThat(created.request())
        .contains("container_id: \"c-1\"", "exec_id: \"c-1\"", "Args: \"cat\"", "Env: \"A=b\"")
        .contains("Path: \"/root/fs\"", "Type: \"mount\"", "key: \"note\"", "Resources {");
    client.updateContainer(
        "c-1",
        new OciResources(
            Optional.of(new OciResources.Memory(4096, 0, 0)),
            Optional.empty(),
            OptionalLong.of(7),
            Optional.empty(),
            List.of()));
    assertThat(last().request()).contains("container_id: \"c-1\"", "Limit: 4096");
    ContainerStats stats = client.statsContainer("c-1");
    assertThat(stats.memory().usage().limitBytes()).isEqualTo(4096);
    assertThat(stats.cpu().total()).isEqualTo(Duration.ofMillis(1));
    assertThat(stats.pids().current()).isEqualTo(1);
    assertThatThrownBy(() -> client.pauseContainer("c-1")).isInstanceOf(AgentException.class);
    assertThatThrownBy(() -> client.resumeContainer("c-1"))
        .satisfies(e -> assertFails(e, TtrpcStatus.FAILED_PRECONDITION, "ResumeContainer"));
  }

  private void processCalls() {
    client.execProcess(new ExecRequest("c-1", "e-1", process("sh", "-c", "cat; echo no >&2")));
    assertThatThrownBy(() -> client.resizeTerminal("c-1", "e-1", 80, 25))
        .satisfies(e -> assertFails(e, TtrpcStatus.UNAVAILABLE, "TtyWinResize"));
    assertThat(last().request()).contains("exec_id: \"e-1\"", "row: 25", "column: 80");
  }

  private void networkCalls() {
    AgentNetwork network = client.network();
    assertThat(network.listInterfaces()).extracting(NetworkInterface::name).contains("lo", "eth0");
    NetworkInterface wanted =
        new NetworkInterface(
            "net0", "02:00:00:00:00:01", 1400, List.of(IpAddress.parse("10.0.2.15/24")));
    assertThat(network.updateInterface(wanted)).isEqualTo(wanted);
    assertThat(last().request())
        .contains("name: \"net0\"", "address: \"10.0.2.15\"", "mask: \"24\"", "mtu: 1400");
    NetworkRoute route = NetworkRoute.defaultVia("10.0.2.2", "net0");
    assertThat(network.updateRoutes(List.of(route))).containsExactly(route);
    assertThat(network.listRoutes()).containsExactly(route);
    network.addArpNeighbors(
        List.of(new ArpNeighbor(IpAddress.parse("fe80::1/64"), "net0", "02:00:00:00:00:02", 0, 4)));
    assertThat(last().request())
        .contains("family: v6", "address: \"fe80::1\"", "lladdr: \"02:00:00:00:00:02\"")
        .contains("flags: 4");
    network.setIpTables(true, "*filter\nCOMMIT\n".getBytes(UTF_8));
    assertThat(network.ipTables(true)).isEqualTo("*filter\nCOMMIT\n".getBytes(UTF_8));
    assertThat(network.ipTables(false)).isEmpty();
  }

  private void machineCalls() {
    AgentMachine machine = client.machine();
    machine.onlineCpusAndMemory(3, true);
    assertThat(last().request()).contains("nb_cpus: 3", "cpu_only: true");
    machine.announceMemory(List.of(1L << 32, -1L));
    assertThat(last().request()).contains("4294967296", "18446744073709551615");
    machine.reseedRandom(new byte[] {1, 2});
    assertThat(last().request()).contains("data: \"\\001\\002\"");
    assertThatThrownBy(() -> machine.reseedRandom(new byte[0]))
        .isInstanceOf(IllegalArgumentException.class);
    Instant now = Instant.ofEpochSecond(1_700_000_000, 123_456_000);
    machine.setClock(now);
    assertThat(agent.guest().clock()).isEqualTo(now);
    machine.addSwap(List.of(2, 5));
    assertThat(last().request()).contains("PCIPath: 2", "PCIPath: 5");
    machine.addSwapPath("/swap");
    assertThat(last().request()).contains("path: \"/swap\"");
    machine.configureMemoryAgent(
        new MemoryAgentCgroup(
            Optional.of(false),
            Optional.empty(),
            OptionalInt.of(50),
            OptionalLong.empty(),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalLong.empty()));
    assertThat(last().request()).contains("disabled: false", "swappiness_max: 50");
    assertThat(last().request()).doesNotContain("swap:", "period_secs");
    machine.configureMemoryAgent(
        new MemoryAgentCompaction(
            Optional.empty(),
            OptionalLong.of(9),
            OptionalInt.empty(),
            OptionalInt.empty(),
            OptionalLong.empty(),
            OptionalInt.of(0),
            OptionalLong.empty(),
            OptionalLong.empty()));
    assertThat(last().request()).contains("period_secs: 9", "compact_order: 0");
  }

  private void fileCalls() throws Exception {
    AgentFiles files = client.files();
    byte[] content = new byte[(2 << 20) + 17];
    content[content.length - 1] = 5;
    Path source = Files.write(directory.resolve("source"), content);
    files.copy(source, SHARED + "x/file", 0640);
    assertThat(agent.guest().files().get(SHARED + "x/file")).isEqualTo(content);
    assertThat(last().request()).contains("file_mode: 33184", "offset: 2097152");
    Path empty = Files.write(directory.resolve("empty"), new byte[0]);
    files.copy(empty, SHARED + "x/empty", 0600);
    assertThat(agent.guest().files().get(SHARED + "x/empty")).isEmpty();
    files.updateEphemeralMounts(
        List.of(
            new AgentStorage(
                "ephemeral",
                List.of("o"),
                "tmpfs",
                "tmpfs",
                List.of("size=1M"),
                "/e",
                Optional.of(new AgentStorage.FsGroup(1000, true)),
                true)));
    assertThat(last().request())
        .contains("group_id: 1000", "OnRootMismatch", "shared: true", "driver_options: \"o\"");
    files.removeStaleShareMounts();
    VolumeStats stats = files.volumeStats("/v");
    assertThat(stats.bytes().orElseThrow().total()).isEqualTo(1 << 20);
    assertThat(stats.inodes().orElseThrow().used()).isEqualTo(1 << 8);
    assertThatThrownBy(() -> files.resizeVolume("/v", 1L << 40))
        .satisfies(e -> assertFails(e, TtrpcStatus.UNIMPLEMENTED, "ResizeVolume"));
  }

  private void diagnosticCalls() throws Exception {
    CompletableFuture<String> oom = client.diagnostics().nextOutOfMemory();
    client.check();
    agent.guest().runOutOfMemory("c-1");
    assertThat(get(oom)).isEqualTo("c-1");
    assertThat(client.diagnostics().metrics()).contains("fake 1");
    assertThat(client.diagnostics().diagnosticData("termination_log", "c-1")).isEqualTo("it ended");
    client.diagnostics().setPolicy("package agent_policy");
    assertThat(agent.guest().policy()).isEqualTo("package agent_policy");
    GuestDetails details = client.guestDetails();
    assertThat(details.memoryBlockSizeBytes()).isEqualTo(128L << 20);
    assertThat(details.storageHandlers()).containsExactly("ephemeral");
    container("c-2", "cat");
    get(client.writeStdin("c-2", "", ByteBuffer.wrap("hi".getBytes(UTF_8))));
    assertThat(get(client.readStdout("c-2", "", 10))).isEqualTo("hi".getBytes(UTF_8));
    client.closeStdin("c-2", "");
    assertThat(get(client.readStderr("c-2", "", 10))).isEmpty();
    assertThat(get(client.waitProcess("c-2", ""))).isZero();
    client.signalProcess("c-2", "", 15);
    client.removeContainer("c-2", Duration.ofMillis(1500));
    assertThat(last().request()).contains("timeout: 2");
  }

  private static void assertFails(Throwable thrown, TtrpcStatus status, String rpc) {
    assertThat(thrown)
        .asInstanceOf(InstanceOfAssertFactories.type(AgentException.class))
        .satisfies(e -> assertThat(e.status()).isEqualTo(status))
        .satisfies(e -> assertThat(e.rpc()).isEqualTo(rpc))
        .satisfies(e -> assertThat(e.sandboxId()).isEqualTo("sb-1"));
  }

  @Test
  void refusal_ofTheAgent_carriesEverythingAndNoTerminalSequences() {
    assertThatThrownBy(() -> client.pauseContainer("c-9"))
        .satisfies(e -> assertFails(e, TtrpcStatus.PERMISSION_DENIED, "PauseContainer"))
        .hasMessage(
            "PauseContainer of c-9 (sandbox sb-1) failed with PERMISSION_DENIED: not\\x1b[31m"
                + " allowed\\x00");
  }

  @Test
  void deadlines_areTold_onlyWhereGivingUpLosesNothing() throws Exception {
    container("c-1", "cat");
    CompletableFuture<Integer> exit = client.waitProcess("c-1", "");
    CompletableFuture<byte[]> read = client.readStdout("c-1", "", 1);
    get(client.writeStdin("c-1", "", ByteBuffer.wrap(new byte[] {1, 2})));
    client.diagnostics().nextOutOfMemory();
    client.withDeadline(Duration.ofSeconds(7)).guestDetails();
    client.check();
    get(read);
    assertThat(exit).isNotDone();
    Map<String, Duration> timeouts =
        agent.calls().stream()
            .collect(Collectors.toMap(FakeAgent.Call::rpc, FakeAgent.Call::timeout, (a, b) -> b));
    for (String rpc : List.of("WaitProcess", "ReadStdout", "WriteStdin")) {
      assertThat(timeouts.get(rpc)).as(rpc).isZero();
    }
    assertThat(timeouts.get("GetGuestDetails")).isEqualTo(Duration.ofSeconds(7));
    assertThat(timeouts.get("CreateContainer")).isEqualTo(Duration.ofSeconds(60));
    assertThat(timeouts.get("Check")).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void cancelledRead_isForgotten_andTheNextOneGetsData() throws Exception {
    container("c-1", "cat");
    CompletableFuture<byte[]> given = client.readStdout("c-1", "", 100);
    given.cancel(true);
    CompletableFuture<Integer> exit = client.waitProcess("c-1", "");
    exit.cancel(true);
    assertThat(client.check()).isEqualTo(HealthStatus.SERVING);
  }

  @Test
  void agentGone_failsEveryWaiterAtOnceWithTheReason() throws Exception {
    container("c-1", "cat");
    CompletableFuture<Integer> exit = client.waitProcess("c-1", "");
    CompletableFuture<byte[]> read = client.readStdout("c-1", "", 1);
    CompletableFuture<AgentException> gone = client.onClose();
    client.check();
    agent.close();
    assertThat(get(gone).status()).isEqualTo(TtrpcStatus.UNAVAILABLE);
    for (CompletableFuture<?> waiter : List.of(exit, read)) {
      assertThat(waiter)
          .failsWithin(30, TimeUnit.SECONDS)
          .withThrowableThat()
          .withCauseInstanceOf(AgentException.class)
          .withMessageContaining("is lost");
    }
    assertThatThrownBy(() -> client.check())
        .satisfies(e -> assertFails(e, TtrpcStatus.UNAVAILABLE, "Check"));
  }

  @Test
  void destroySandbox_whereTheConnectionBreaksInstead_isSuccess() throws Exception {
    try (io.katajava.transport.UnixSocketListener listener =
        io.katajava.transport.UnixSocketListener.listen(directory.resolve("b"))) {
      CompletableFuture<Void> peer =
          CompletableFuture.runAsync(
              () -> {
                try (var connection = listener.accept()) {
                  connection.read(ByteBuffer.allocateDirect(1000));
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      try (AgentClient other =
          AgentClient.connect(
              new AgentAddress.UnixSocket(listener.path()), AgentClientOptions.builder().build())) {
        other.destroySandbox();
        assertThatThrownBy(other::destroySandbox).isInstanceOf(AgentException.class);
      }
      get(peer);
    }
  }

  @Test
  void connect_nobodyThere_isUnavailableWithinTheTimeout() {
    assertThatThrownBy(
            () ->
                AgentClient.connect(
                    new AgentAddress.UnixSocket(directory.resolve("none")),
                    AgentClientOptions.builder()
                        .name("sb-1")
                        .connectTimeout(Duration.ofMillis(300))
                        .build()))
        .satisfies(e -> assertFails(e, TtrpcStatus.UNAVAILABLE, "connect"))
        .hasMessageContaining("the socket does not exist")
        .hasMessageContaining("gave up after PT0.3S");
  }
}
