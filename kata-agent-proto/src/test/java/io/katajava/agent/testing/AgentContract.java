package io.katajava.agent.testing;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.tuple;

import io.katajava.agent.AgentAddress;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.AgentException;
import io.katajava.agent.FileChunk;
import io.katajava.agent.GuestDetails;
import io.katajava.agent.HealthStatus;
import io.katajava.agent.IpAddress;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.agent.SandboxRequest;
import io.katajava.agent.VolumeStats;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciResources;
import io.katajava.agent.ttrpc.TtrpcStatus;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every agent has to do, whoever wrote it: the same tests for ours, upstream's and the fake
 * one. They lean only on what the protocol promises; where agents are known to differ, each of the
 * known answers is accepted.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(300)
public abstract class AgentContract {

  /**
   * The agent under test.
   *
   * @param address where it listens
   * @param rootPath in its guest, a directory with a busybox root filesystem
   */
  public record Target(AgentAddress address, String rootPath) {}

  private static final String SHARED = "/run/kata-containers/shared/containers/";
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private @Nullable Path temporary;
  private @Nullable Target target;
  private @Nullable AgentClient connected;
  private boolean reopen;

  /** For subclasses. */
  protected AgentContract() {}

  /**
   * Starts the agent, or finds it. Called once, before the first test.
   *
   * @param directory for sockets and the like, empty
   * @return a fresh agent without sandbox
   * @throws Exception fails all tests
   */
  protected abstract Target startAgent(Path directory) throws Exception;

  /**
   * Stops the agent. Called once, after the last test.
   *
   * @throws Exception fails the class
   */
  protected abstract void stopAgent() throws Exception;

  @BeforeAll
  final void connect(@TempDir Path directory) throws Exception {
    temporary = directory;
    target = startAgent(directory);
    connected = open();
    client().createSandbox(SandboxRequest.builder("contract").hostname("contract").build());
  }

  @AfterAll
  final void disconnect() throws Exception {
    try {
      if (connected != null) {
        takeBack();
        // The last test of all: the reply may be lost, the call must end.
        client().destroySandbox();
        client().close();
      }
    } finally {
      stopAgent();
    }
  }

  /**
   * The agent.
   *
   * @return what {@link #startAgent} gave
   */
  protected final Target target() {
    return java.util.Objects.requireNonNull(target);
  }

  final AgentClient client() {
    return java.util.Objects.requireNonNull(connected);
  }

  final AgentClient open() {
    return AgentClient.connect(
        target().address(),
        AgentClientOptions.builder()
            .name("contract")
            .connectTimeout(Duration.ofSeconds(120))
            .booting(connected == null)
            .callDeadline(Duration.ofSeconds(ContractContainer.PATIENCE_SECONDS))
            .build());
  }

  /** Gives the agent's only connection up, for a test that speaks ttRPC itself. */
  final void reconnect() {
    client().close();
    reopen = true;
  }

  @BeforeEach
  final void takeBack() {
    if (reopen) {
      reopen = false;
      connected = open();
    }
  }

  private ContractContainer.Plan plan(String... command) {
    return new ContractContainer.Plan("contract-" + NUMBER.incrementAndGet(), command);
  }

  private ContractContainer create(ContractContainer.Plan plan) {
    return ContractContainer.create(this::client, target(), plan);
  }

  private static Consumer<Throwable> refusedWith(TtrpcStatus... statuses) {
    return thrown ->
        assertThat(thrown)
            .asInstanceOf(InstanceOfAssertFactories.type(AgentException.class))
            .satisfies(e -> assertThat(e.status()).isIn((Object[]) statuses));
  }

  /** Runs calls an agent may have been built without; whether it has them. */
  private static boolean has(Runnable calls) {
    try {
      calls.run();
      return true;
    } catch (AgentException e) {
      assertThat(e.status()).isIn(TtrpcStatus.UNIMPLEMENTED, TtrpcStatus.NOT_FOUND);
      return false;
    }
  }

  @Test
  void health_anyTime_isServingAndTellsVersions() {
    assertThat(client().check()).isEqualTo(HealthStatus.SERVING);
    assertThat(client().version().agentVersion()).isNotEmpty();
    assertThat(client().version().protocolVersion()).isEqualTo("0.0.1");
  }

  @Test
  void guestDetails_ofAnyGuest_nameTheAgentAndItsStorages() {
    GuestDetails details = client().guestDetails();
    assertThat(details.agentVersion()).isNotEmpty();
    assertThat(details.storageHandlers()).contains("ephemeral");
  }

  @Test
  void container_thatPrints_isReadAndWaitedFor() throws Exception {
    try (ContractContainer container = create(plan("/bin/echo", "hello"))) {
      container.start();
      assertThat(container.text("")).isEqualTo("hello\n");
      assertThat(container.exitCode("")).isZero();
    }
  }

  @Test
  void container_exitCode_isReported() throws Exception {
    try (ContractContainer container = create(plan("/bin/sh", "-c", "exit 3"))) {
      container.start();
      assertThat(container.exitCode("")).isEqualTo(3);
    }
  }

  @Test
  void container_killed_isReportedAs128AndSignal() throws Exception {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      CompletableFuture<Integer> exit = client().waitProcess(container.id(), "");
      client().signalProcess(container.id(), "", 9);
      assertThat(ContractContainer.await(exit)).isEqualTo(128 + 9);
    }
  }

  @Test
  void container_sameId_isRefused() {
    ContractContainer container = create(plan("/bin/sleep", "1000")).start();
    try {
      Throwable thrown =
          catchThrowable(
              () -> create(new ContractContainer.Plan(container.id(), "/bin/sleep", "1000")));
      assertThat(thrown).isInstanceOf(AgentException.class);
      assertThat(client().check()).isEqualTo(HealthStatus.SERVING);
    } finally {
      // Upstream's agent forgets the first container, too.
      Throwable gone = catchThrowable(container::close);
      if (gone != null) {
        assertThat(gone).isInstanceOf(AgentException.class);
      }
    }
  }

  @Test
  void container_unknown_isRefusedByEveryCall() {
    assertThatThrownBy(() -> client().startContainer("unknown-1"))
        .satisfies(
            refusedWith(TtrpcStatus.INTERNAL, TtrpcStatus.INVALID_ARGUMENT, TtrpcStatus.NOT_FOUND));
    assertThatThrownBy(() -> client().statsContainer("unknown-1"))
        .satisfies(refusedWith(TtrpcStatus.INVALID_ARGUMENT, TtrpcStatus.NOT_FOUND));
    assertThatThrownBy(() -> client().pauseContainer("unknown-1"))
        .satisfies(refusedWith(TtrpcStatus.INVALID_ARGUMENT, TtrpcStatus.NOT_FOUND));
    assertThatThrownBy(() -> client().signalProcess("unknown-1", "", 15))
        .satisfies(refusedWith(TtrpcStatus.INVALID_ARGUMENT, TtrpcStatus.NOT_FOUND));
    assertThatThrownBy(() -> client().removeContainer("unknown-1", Duration.ZERO))
        .satisfies(
            refusedWith(TtrpcStatus.INTERNAL, TtrpcStatus.INVALID_ARGUMENT, TtrpcStatus.NOT_FOUND));
  }

  @Test
  void streams_ofOneProcess_areApartAndComplete() throws Exception {
    try (ContractContainer container =
        create(plan("/bin/sh", "-c", "echo to out; echo to err >&2"))) {
      container.start();
      assertThat(container.text("")).isEqualTo("to out\n");
      assertThat(new String(container.errors(""), UTF_8)).isEqualTo("to err\n");
      assertThat(container.exitCode("")).isZero();
    }
  }

  @Test
  void stdin_megabytesThroughCat_comeBackUnchanged() throws Exception {
    byte[] data = new byte[3 << 20];
    new Random(7).nextBytes(data);
    try (ContractContainer container = create(plan("/bin/cat"))) {
      container.start();
      CompletableFuture<Void> written =
          client()
              .writeStdin(container.id(), "", ByteBuffer.wrap(data))
              .thenCompose(done -> client().writeStdin(container.id(), "", ByteBuffer.allocate(0)));
      assertThat(container.output("")).isEqualTo(data);
      ContractContainer.await(written);
      assertThat(container.exitCode("")).isZero();
    }
  }

  @Test
  void transferStdout_ofManyPieces_keepsTheirOrder() throws Exception {
    byte[] data = new byte[5 << 20];
    new Random(11).nextBytes(data);
    ByteArrayOutputStream received = new ByteArrayOutputStream();
    try (ContractContainer container = create(plan("/bin/cat"))) {
      container.start();
      CompletableFuture<Void> written =
          client()
              .writeStdin(container.id(), "", ByteBuffer.wrap(data))
              .thenCompose(done -> client().writeStdin(container.id(), "", ByteBuffer.allocate(0)));
      assertThat(client().transferStdout(container.id(), "", received)).isEqualTo(data.length);
      assertThat(received.toByteArray()).isEqualTo(data);
      ContractContainer.await(written);
      assertThat(container.exitCode("")).isZero();
    }
  }

  @Test
  void closeStdin_ofReader_endsItsInput() throws Exception {
    try (ContractContainer container = create(plan("/bin/cat"))) {
      container.start();
      container.type("", "half a line");
      client().closeStdin(container.id(), "");
      assertThat(container.text("")).isEqualTo("half a line");
      assertThat(container.exitCode("")).isZero();
    }
  }

  @Test
  void exec_inRunningContainer_hasItsOwnStreamsAndExit() throws Exception {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      container.exec("first", false, "/bin/sh", "-c", "echo $WHAT; pwd; exit 4");
      assertThat(container.text("first")).isEqualTo("contract\n/\n");
      assertThat(container.exitCode("first")).isEqualTo(4);
    }
  }

  @Test
  void exec_sameExecId_isRefused() throws Exception {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      container.exec("same", false, "/bin/sleep", "1000");
      assertThatThrownBy(() -> container.exec("same", false, "/bin/true"))
          .isInstanceOf(AgentException.class);
    }
  }

  @Test
  void exec_unknownProgram_isTold() throws Exception {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      Throwable thrown = catchThrowable(() -> container.exec("x1", false, "/no/such/program"));
      if (thrown == null) {
        // An agent may find out only after its answer: then the exit code tells.
        assertThat(container.exitCode("x1")).isNotZero();
      } else {
        assertThat(thrown).isInstanceOf(AgentException.class);
      }
      assertThat(client().check()).isEqualTo(HealthStatus.SERVING);
    }
  }

  @Test
  void process_unknown_isNotFound() {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      assertThatThrownBy(() -> client().signalProcess(container.id(), "nobody", 15))
          .satisfies(refusedWith(TtrpcStatus.NOT_FOUND));
      assertThatThrownBy(
              () -> ContractContainer.await(client().waitProcess(container.id(), "nobody")))
          .cause()
          .satisfies(refusedWith(TtrpcStatus.NOT_FOUND, TtrpcStatus.INTERNAL));
    }
  }

  @Test
  void pendingCalls_ofQuietProcess_holdUpNothing() throws Exception {
    try (ContractContainer container = create(plan("/bin/cat"))) {
      container.start();
      CompletableFuture<byte[]> read = client().readStdout(container.id(), "", 100);
      CompletableFuture<byte[]> error = client().readStderr(container.id(), "", 100);
      CompletableFuture<Integer> exit = client().waitProcess(container.id(), "");
      assertThat(client().check()).isEqualTo(HealthStatus.SERVING);
      client().statsContainer(container.id());
      assertThat(read).isNotDone();
      assertThat(exit).isNotDone();
      container.type("", "now");
      assertThat(ContractContainer.await(read)).isEqualTo("now".getBytes(UTF_8));
      client().closeStdin(container.id(), "");
      assertThat(ContractContainer.await(error)).isEmpty();
      assertThat(ContractContainer.await(exit)).isZero();
    }
  }

  @Test
  void processes_atTheSameTime_allComeToTheirEnd() throws Exception {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < 10; i++) {
        ids.add("p" + i);
        container.exec("p" + i, false, "/bin/sh", "-c", "echo " + i + "; exit " + i);
      }
      for (int i = 0; i < 10; i++) {
        assertThat(container.text(ids.get(i))).isEqualTo(i + "\n");
        assertThat(container.exitCode(ids.get(i))).isEqualTo(i);
      }
    }
  }

  @Test
  void connections_several_areServedAtOnce() {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      boolean alone = target().address() instanceof AgentAddress.SerialPort;
      if (alone) {
        // A port has one connection only: the next one has to find the same guest.
        reconnect();
        takeBack();
      }
      try (AgentClient second = alone ? client() : open()) {
        assertThat(second.check()).isEqualTo(HealthStatus.SERVING);
        assertThat(second.statsContainer(container.id()).pids().current()).isPositive();
        reopen = alone;
      }
      takeBack();
    }
  }

  @Test
  void terminal_ofExec_hasTheSizeThatWasSet() throws Exception {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      container.exec("tty", true, "/bin/sh");
      client().resizeTerminal(container.id(), "tty", 100, 31);
      container.type("tty", "stty size\n");
      assertThat(container.textUntil("tty", "31 100")).contains("31 100");
      container.type("tty", "exit 5\n");
      assertThat(container.exitCode("tty")).isEqualTo(5);
    }
  }

  @Test
  void resize_withoutTerminal_isUnavailable() {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      assertThatThrownBy(() -> client().resizeTerminal(container.id(), "", 80, 24))
          .satisfies(refusedWith(TtrpcStatus.UNAVAILABLE));
    }
  }

  @Test
  void stats_ofRunningContainer_countItsProcess() {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      assertThat(client().statsContainer(container.id()).pids().current()).isPositive();
      assertThat(client().statsContainer(container.id()).cpu().total()).isPositive();
      assertThat(client().statsContainer(container.id()).memory().usage().bytes()).isPositive();
    }
  }

  @Test
  void update_ofRunningContainer_changesItsLimit() {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      client().updateContainer(container.id(), memory(48 << 20));
      assertThat(client().statsContainer(container.id()).memory().usage().limitBytes())
          .isEqualTo(48 << 20);
    }
  }

  private static OciResources memory(long bytes) {
    return new OciResources(
        Optional.of(new OciResources.Memory(bytes, 0, 0)),
        Optional.empty(),
        OptionalLong.empty(),
        Optional.empty(),
        List.of());
  }

  @Test
  void pause_andResume_leaveTheContainerRunning() throws Exception {
    try (ContractContainer container = create(plan("/bin/cat"))) {
      container.start();
      client().pauseContainer(container.id());
      client().resumeContainer(container.id());
      container.type("", "still here");
      assertThat(container.textUntil("", "still here")).isEqualTo("still here");
    }
  }

  @Test
  void copy_ofSeveralChunks_isSeenByContainers() throws Exception {
    byte[] data = new byte[(2 << 20) + 12_345];
    new Random(3).nextBytes(data);
    Path file = Files.write(java.util.Objects.requireNonNull(temporary).resolve("copied"), data);
    String name = "copied-" + NUMBER.incrementAndGet();
    client().files().copy(file, SHARED + name + "/data.bin", 0644);
    OciMount mount = OciMount.of("/mnt", "bind", SHARED + name, "bind", "ro");
    try (ContractContainer container = create(plan("/bin/cat", "/mnt/data.bin").mount(mount))) {
      container.start();
      assertThat(container.output("")).isEqualTo(data);
    }
  }

  @Test
  void copy_outsideTheSharedDirectory_isRefused() {
    for (String path : List.of("/etc/passwd", SHARED + "../../../../etc/passwd")) {
      FileChunk chunk =
          new FileChunk(path, 1, FileChunk.REGULAR | 0644, 0755, 0, 0, 0, ByteBuffer.allocate(1));
      assertThatThrownBy(() -> client().files().copy(chunk)).isInstanceOf(AgentException.class);
    }
  }

  @Test
  void machine_clockAndEntropy_areTaken() {
    client().machine().setClock(Instant.now());
    client().machine().reseedRandom(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    client().machine().onlineCpusAndMemory(1, true);
  }

  @Test
  void metrics_ofAnyAgent_areInPrometheusFormat() throws Exception {
    try (ContractContainer container = create(plan("/bin/sleep", "1000"))) {
      container.start();
      String metrics = client().diagnostics().metrics();
      assertThat(metrics).contains("# TYPE ");
      String file = System.getProperty("kata.contract.metrics", "");
      if (!file.isEmpty()) {
        // To compare agents: the sizes they tell of themselves, with a container.
        Files.writeString(Path.of(file), metrics);
      }
    }
  }

  @Test
  void network_whereTheAgentHasIt_listsAndRefusesUnknown() {
    boolean present =
        has(
            () -> {
              assertThat(client().network().listInterfaces())
                  .extracting(NetworkInterface::name)
                  .contains("lo");
              client().network().listRoutes();
            });
    if (present) {
      NetworkInterface unknown = new NetworkInterface("eth9", "02:ff:ff:ff:ff:fe", 1500, List.of());
      assertThatThrownBy(() -> client().network().updateInterface(unknown))
          .satisfies(refusedWith(TtrpcStatus.INTERNAL, TtrpcStatus.NOT_FOUND))
          // Upstream's agent asks the kernel for the name, and tells what that says.
          .hasMessageMatching("(?s).*(Link not found|No such device).*");
    }
  }

  /** The loopback, which every guest has: found by its name, because it has no MAC address. */
  @Test
  void interface_updated_isListedWithItsAddresses() {
    NetworkInterface wanted =
        new NetworkInterface(
            "lo",
            "00:00:00:00:00:00",
            60_000,
            List.of(IpAddress.parse("192.0.2.1/25"), IpAddress.parse("2001:db8::1/64")));
    if (has(() -> assertThat(client().network().updateInterface(wanted)).isEqualTo(wanted))) {
      // Twice is once.
      client().network().updateInterface(wanted);
      NetworkInterface found =
          client().network().listInterfaces().stream()
              .filter(one -> one.name().equals("lo"))
              .findFirst()
              .orElseThrow();
      assertThat(found.mtu()).isEqualTo(60_000);
      assertThat(found.addresses()).doesNotHaveDuplicates().containsAll(wanted.addresses());
    }
  }

  @Test
  void routes_updated_areListedOnce() {
    // With the one that needs the other in front.
    NetworkRoute far =
        new NetworkRoute("203.0.113.0/24", "198.51.100.1", "lo", "", 0, false, 0, 1400);
    NetworkRoute near = new NetworkRoute("198.51.100.0/24", "", "lo", "", 253, false, 0, 0);
    NetworkInterface lo =
        new NetworkInterface(
            "lo", "00:00:00:00:00:00", 60_000, List.of(IpAddress.parse("192.0.2.1/25")));
    if (has(() -> client().network().updateInterface(lo))) {
      assertThat(client().network().updateRoutes(List.of(far, near)))
          .extracting(NetworkRoute::gateway, NetworkRoute::destination)
          .contains(tuple("", near.destination()));
      client().network().updateRoutes(List.of(far));
      assertThat(client().network().listRoutes())
          .filteredOn(route -> route.gateway().equals(far.gateway()))
          .singleElement()
          .satisfies(
              route -> {
                // Upstream's agent takes every route with a gateway for a default one.
                assertThat(route.destination()).isIn(far.destination(), "0.0.0.0");
                assertThat(route.device()).isEqualTo("lo");
              });
    }
  }

  @Test
  void volume_thatIsMounted_isToldInBytesAndInodes() {
    if (has(() -> client().files().volumeStats("/"))) {
      VolumeStats stats = client().files().volumeStats("/");
      for (VolumeStats.Usage usage : List.of(stats.bytes().get(), stats.inodes().get())) {
        assertThat(usage.total()).isPositive();
        assertThat(usage.used()).isBetween(0L, usage.total());
        assertThat(usage.available()).isBetween(0L, usage.total());
      }
      assertThatThrownBy(() -> client().files().volumeStats("/no/such/volume"))
          .satisfies(
              refusedWith(
                  TtrpcStatus.INTERNAL, TtrpcStatus.NOT_FOUND, TtrpcStatus.INVALID_ARGUMENT));
    }
  }

  @Test
  void diagnostics_ofUnknownType_areInvalid() {
    assertThatThrownBy(() -> client().diagnostics().diagnosticData("weather", "contract"))
        .satisfies(refusedWith(TtrpcStatus.INVALID_ARGUMENT, TtrpcStatus.UNIMPLEMENTED));
  }

  @Test
  void optionalCalls_withNothingToDo_areAnsweredOrRefused() {
    has(() -> client().files().removeStaleShareMounts());
    has(() -> client().files().updateEphemeralMounts(List.of()));
    assertThatThrownBy(() -> client().files().resizeVolume("/", 1 << 30))
        .satisfies(refusedWith(TtrpcStatus.UNIMPLEMENTED));
    assertThat(client().check()).isEqualTo(HealthStatus.SERVING);
  }

  @Test
  void oomEvent_notYetThere_canBeGivenUp() {
    CompletableFuture<String> event = client().diagnostics().nextOutOfMemory();
    assertThat(event).isNotDone();
    event.cancel(true);
    assertThat(client().check()).isEqualTo(HealthStatus.SERVING);
  }
}
