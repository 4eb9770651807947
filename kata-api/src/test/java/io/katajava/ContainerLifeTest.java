package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.internal.wire.CreateContainerRequest;
import io.katajava.agent.internal.wire.LinuxNamespace;
import io.katajava.agent.internal.wire.ProcessExtras;
import io.katajava.agent.internal.wire.Storage;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciRlimit;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import io.katajava.testing.FakeProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a container's verbs and settings make of the agent's calls. */
class ContainerLifeTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;
  private FakeAgent agent;
  private FakeMachine machine;
  private Kata kata;
  private Sandbox sandbox;
  private final BlockingQueue<FakeProcess> started = new LinkedBlockingQueue<>();
  private final BlockingQueue<SandboxEvent> events = new LinkedBlockingQueue<>();

  @BeforeEach
  void start() throws IOException {
    agent = FakeAgent.listenIn(directory);
    machine = new FakeMachine(agent);
    kata = machine.kata(directory);
    sandbox = kata.sandbox().start();
    sandbox.onEvent(events::add);
    agent.onStart(started::add);
  }

  @AfterEach
  void close() {
    kata.close();
    agent.close();
  }

  private List<String> verbs() {
    return agent.calls.stream().filter(call -> call.endsWith("Container")).toList();
  }

  @Test
  void create_leavesTheFirstProcessWaiting() {
    try (Container container = sandbox.container("c").create()) {
      assertThat(container.status().state()).isEqualTo(ContainerStatus.State.CREATED);
      assertThat(verbs()).containsExactly("CreateContainer");
      assertThatThrownBy(container::mainProcess).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(container::pause)
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_STATE));
      container.start();
      assertThat(container.status().state()).isEqualTo(ContainerStatus.State.RUNNING);
    }
  }

  @Test
  void start_afterTheEnd_makesANewOneOnTheSameStoragesBeforeTheOldGoes() throws Exception {
    try (Container container = sandbox.container("c").command("job").start()) {
      started.take().closeOutput().exit(3);
      assertThat(container.mainProcess().waitFor(LONG)).contains(new ExecOutcome.Exited(3));
      assertThat(container.status().outcome()).contains(new ExecOutcome.Exited(3));
      container.update(limits -> limits.pids(7));
      container.start();

      assertThat(verbs())
          .containsExactly(
              "CreateContainer",
              "StartContainer",
              "UpdateContainer",
              "CreateContainer",
              "RemoveContainer",
              "StartContainer");
      CreateContainerRequest first = agent.created.get(0);
      CreateContainerRequest second = agent.created.get(1);
      assertThat(second.getContainerId()).isEqualTo(first.getContainerId() + ".1");
      assertThat(second.getStoragesList()).isEqualTo(first.getStoragesList());
      assertThat(second.getOCI().getRoot()).isEqualTo(first.getOCI().getRoot());
      assertThat(second.getOCI().getLinux().getResources().getPids().getLimit()).isEqualTo(7);
      assertThat(container.status())
          .isEqualTo(
              new ContainerStatus(ContainerStatus.State.RUNNING, java.util.Optional.empty(), 1));
    }
  }

  @Test
  void stop_sendsTermAndAfterTheGraceKillsAll() throws Exception {
    try (Container container = sandbox.container("c").command("stubborn").start()) {
      container.stop(Duration.ofMillis(20));

      assertThat(started.take().signals).startsWith(15, 9);
      assertThat(container.status().state()).isEqualTo(ContainerStatus.State.STOPPED);
      container.stop(LONG);
    }
  }

  @Test
  void close_removesAndForgets() {
    Container container = sandbox.container("c").start();
    container.close();
    container.close();

    assertThat(verbs()).containsOnlyOnce("RemoveContainer");
    assertThat(container.status().state()).isEqualTo(ContainerStatus.State.CLOSED);
    assertThat(sandbox.containers()).isEmpty();
    assertThatThrownBy(() -> container.exec("true"))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLOSED));
  }

  @Test
  void log_isKeptWithoutAReader_andFollowed() throws Exception {
    BlockingQueue<ContainerLog.Line> seen = new LinkedBlockingQueue<>();
    try (Container container =
        sandbox.container("c").keepLog(MemorySize.bytes(1000)).command("job").start()) {
      container.log().follow(seen::add);
      FakeProcess process = started.take().stderr("oops\n");
      assertThat(seen.poll(60, TimeUnit.SECONDS))
          .satisfies(
              line -> {
                assertThat(line.text()).isEqualTo("oops");
                assertThat(line.stream()).isEqualTo(ContainerLog.Stream.STDERR);
              });
      IntStream.range(0, 100).forEach(i -> process.stdout("line " + i + "\n"));
      process.stdout("no end").closeOutput().exit(0);
      ContainerLog.Line last = seen.poll(60, TimeUnit.SECONDS);
      while (last != null && !last.text().equals("no end")) {
        last = seen.poll(60, TimeUnit.SECONDS);
      }
      assertThat(last).isNotNull();
      assertThat(container.log().lines()).contains(last).hasSizeLessThan(20);
      assertThat(container.log().droppedLines()).isGreaterThan(80);
      assertThatThrownBy(() -> container.mainProcess().stdout().read()).hasMessageContaining("log");
    }
  }

  @Test
  void log_followed_tellsTheEndAfterTheLastLine_onceForEachProcess() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    try (Container container =
        sandbox.container("c").keepLog(MemorySize.kibibytes(8)).command("job").start()) {
      container.log().follow(line -> seen.add(line.text()), () -> seen.add("(end)"));
      started.take().stderr("oops\n").stdout("half").closeOutput().exit(0);
      assertThat(List.of(next(seen), next(seen), next(seen)))
          .containsExactlyInAnyOrder("oops", "half", "(end)")
          .endsWith("(end)");

      container.restart(LONG);
      started.take().stdout("again\n");
      assertThat(next(seen)).isEqualTo("again");
    }
    assertThat(next(seen)).as("a closed container ends its output").isEqualTo("(end)");
    assertThat(seen).isEmpty();
  }

  private static String next(BlockingQueue<String> seen) throws InterruptedException {
    return String.valueOf(seen.poll(60, TimeUnit.SECONDS));
  }

  @Test
  void events_comeInOrder_toEveryone() throws Exception {
    BlockingQueue<SandboxEvent> slow = new LinkedBlockingQueue<>();
    sandbox.onEvent(
        event -> {
          throw new IllegalStateException("a bad subscriber");
        });
    sandbox.onEvent(slow::add);
    try (Container container = sandbox.container("c").command("job").start()) {
      started.take().closeOutput().exit(4);
      container.mainProcess().waitFor();
      assertThat(events.poll(60, TimeUnit.SECONDS))
          .isInstanceOf(SandboxEvent.ContainerStarted.class);
      assertThat(events.poll(60, TimeUnit.SECONDS))
          .isInstanceOfSatisfying(
              SandboxEvent.ContainerExited.class,
              exited -> assertThat(exited.outcome()).isEqualTo(new ExecOutcome.Exited(4)));
      assertThat(slow.poll(60, TimeUnit.SECONDS)).isInstanceOf(SandboxEvent.ContainerStarted.class);
      machine.crash();
      assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(SandboxEvent.AgentLost.class);
      assertThat(events.poll(60, TimeUnit.SECONDS)).isInstanceOf(SandboxEvent.VmExited.class);
      assertThat(container.status().state()).isEqualTo(ContainerStatus.State.LOST);
    }
  }

  @Test
  void settings_reachTheRequest() throws Exception {
    try (Container container =
        sandbox
            .container("c")
            .user("web")
            .groups("staff", "50")
            .umask(0077)
            .rlimit(OciRlimit.Resource.NOFILE, 10, 20)
            .emptyDirectory("data", "/data", MemorySize.mebibytes(1))
            .sysctl("net.ipv4.ip_forward", "1")
            .namespace(OciNamespace.create(OciNamespace.Type.NETWORK))
            .create()) {
      CreateContainerRequest request = agent.created.get(0);
      assertThat(request.getOCI().getProcess().getUser().getUsername()).isEqualTo("web");
      assertThat(request.getOCI().getProcess().getUser().getAdditionalGidsList())
          .containsExactly(50);
      assertThat(request.getStringUser().getAdditionalGidsList()).containsExactly("staff");
      assertThat(ProcessExtras.parseFrom(request.toByteString()).getUmask()).isEqualTo(0077);
      assertThat(request.getOCI().getProcess().getRlimits(0).getHard()).isEqualTo(20);
      assertThat(
              request.getOCI().getLinux().getNamespacesList().stream().map(LinuxNamespace::getType))
          .containsExactly("pid", "mount", "cgroup", "network");
      assertThat(request.getOCI().getLinux().hasSeccomp()).isTrue();
      assertThat(request.getOCI().getLinux().getSysctlMap()).containsKey("net.ipv4.ip_forward");
      Storage volume = request.getStorages(request.getStoragesCount() - 1);
      assertThat(volume.getShared()).isTrue();
      assertThat(request.getOCI().getMountsList())
          .anySatisfy(
              mount -> {
                assertThat(mount.getDestination()).isEqualTo("/data");
                assertThat(mount.getSource()).isEqualTo(volume.getMountPoint());
              });
      assertThat(container.status().restarts()).isZero();
    }
  }

  @Test
  void sharedPid_joinsAHolderThatIsMadeOnceAndHidden() {
    try (Container one = sandbox.container("one").sharedPid().start();
        Container two = sandbox.container("two").sharedPid().start()) {
      assertThat(agent.created).hasSize(3);
      String holder = agent.created.get(0).getContainerId();
      assertThat(agent.created.subList(1, 3))
          .allSatisfy(
              request -> {
                assertThat(request.getSandboxPidns()).isFalse();
                assertThat(request.getOCI().getLinux().getNamespacesList())
                    .anySatisfy(
                        namespace -> {
                          assertThat(namespace.getType()).isEqualTo("pid");
                          assertThat(namespace.getPath()).isEqualTo("container:" + holder);
                        });
              });
      assertThat(sandbox.containers()).containsExactlyInAnyOrder(one, two);
    }
  }
}
