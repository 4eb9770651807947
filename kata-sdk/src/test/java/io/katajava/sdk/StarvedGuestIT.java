package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Container;
import io.katajava.ContainerLimits;
import io.katajava.ExecOutcome;
import io.katajava.ExecOutcome.TimedOut.Fate;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxState;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.wait.Wait;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Guests that cannot answer, or hardly: what the host asks of them ends by the host's clock. */
class StarvedGuestIT {
  private static final Duration LIMIT = Duration.ofSeconds(3);

  /** How much later than its limit a call may return. */
  private static final Duration MARGIN = Duration.ofMillis(2500);

  /** Commands to the hypervisor have a limit of their own. */
  private static final Duration MONITOR_LIMIT = Duration.ofSeconds(10);

  private static final MemorySize MUCH = MemorySize.mebibytes(1);

  @TempDir Path directory;
  private Leftovers leftovers;
  private Kata kata;
  private final List<String> late = new ArrayList<>();

  @BeforeEach
  void open() {
    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).callTimeout(LIMIT).build();
  }

  @AfterEach
  void closeLeavesNothing() {
    kata.close();
    leftovers.assertNone();
  }

  /** Notes how long a call takes, and whether that is too long. */
  private void timed(String what, Duration limit, Callable<?> call) {
    long from = System.nanoTime();
    String result;
    try {
      result = String.valueOf(call.call());
    } catch (Exception e) {
      result = e.toString();
    }
    Duration took = Duration.ofNanos(System.nanoTime() - from);
    String line =
        String.format(
            Locale.ROOT,
            "%-36s limit %5.1f s, took %5.1f s: %.100s",
            what,
            limit.toMillis() / 1000.0,
            took.toMillis() / 1000.0,
            result);
    System.out.println(line);
    if (took.compareTo(limit.plus(MARGIN)) > 0) {
      late.add(line);
    }
  }

  private static Callable<Void> running(Action action) {
    return () -> {
      action.run();
      return null;
    };
  }

  private interface Action {
    void run() throws Exception;
  }

  private static void signal(Sandbox sandbox, String signal) throws Exception {
    Process kill = new ProcessBuilder("kill", "-" + signal, "" + sandbox.hypervisorPid()).start();
    assertThat(kill.waitFor()).isZero();
  }

  @Test
  void calls_whileTheHypervisorStandsStill_endInTime() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "content");
    try (Sandbox sandbox = kata.sandbox().start();
        Sandbox fresh = kata.sandbox().start()) {
      Container container = sandbox.defaultContainer();
      Container other = sandbox.container("other").image("busybox").start();
      Execution open =
          sandbox.execInteractive(exec -> exec.command("cat").timeout(LIMIT.multipliedBy(4)));
      signal(sandbox, "STOP");
      signal(fresh, "STOP");
      ExecSpec spec = ExecSpec.command("true").timeout(LIMIT).build();
      timed("exec", LIMIT, () -> outcome(sandbox.exec(spec)));
      timed("exec that makes the container", LIMIT, () -> outcome(fresh.exec(spec)));
      timed("execAsync", LIMIT, () -> outcome(sandbox.execAsync(spec).get()));
      timed("execInteractive", LIMIT, () -> container.execInteractive(spec));
      timed("exec without a timeout", LIMIT, () -> sandbox.exec("true"));
      timed("guestMetrics", LIMIT, sandbox::guestMetrics);
      timed("stats of the sandbox", LIMIT, sandbox::stats);
      timed("stats of a container", LIMIT, container::stats);
      timed("interfaces", LIMIT, sandbox::interfaces);
      timed("volumeStats", LIMIT, () -> sandbox.volumeStats("/"));
      timed("listeningPorts", LIMIT, container::listeningPorts);
      timed("signal", LIMIT, running(() -> container.signal(15)));
      timed("container pause", LIMIT, running(container::pause));
      timed("container update", LIMIT, running(() -> container.update(FEW)));
      timed("container stop", LIMIT, running(() -> other.stop(LIMIT)));
      timed("container close", LIMIT, running(other::close));
      timed("container create", LIMIT, () -> sandbox.container("third").create());
      timed("read", LIMIT, () -> container.files().read("/etc/passwd", MUCH));
      timed("write", LIMIT, running(() -> container.files().write("/a", new byte[9], 0644)));
      timed("copyIn", LIMIT, running(() -> container.files().copyIn(file, "/a")));
      timed("copyOut", LIMIT, running(() -> container.files().copyOut("/etc", to("1"))));
      timed(
          "copyOut with a timeout",
          LIMIT.dividedBy(2),
          running(
              () -> container.files().withTimeout(LIMIT.dividedBy(2)).copyOut("/etc", to("2"))));
      timed(
          "archive",
          LIMIT,
          running(() -> container.files().archive("/etc", OutputStream.nullOutputStream())));
      timed(
          "wait for a port",
          LIMIT,
          running(() -> container.waitUntil(Wait.forListeningPort(80).withTimeout(LIMIT))));
      timed(
          "wait for a command",
          LIMIT,
          running(() -> container.waitUntil(Wait.forSuccessfulCommand("true").withTimeout(LIMIT))));
      timed("writing to an open command", LIMIT.multipliedBy(4), () -> fill(open.stdin()));
      timed("reading from it", Duration.ZERO, () -> open.stdout().read());
      timed("pause", MONITOR_LIMIT, running(sandbox::pause));
      // What failed is undone, and the hypervisor does not answer that either.
      timed("fork", MONITOR_LIMIT.multipliedBy(2), () -> sandbox.fork(1));
      timed("snapshot", MONITOR_LIMIT.multipliedBy(2), running(() -> sandbox.snapshot(to("3"))));
      timed("stop", LIMIT, running(() -> fresh.stop(LIMIT)));
      timed("close", Duration.ofSeconds(2), running(sandbox::close));
      assertThat(sandbox.state()).isEqualTo(SandboxState.STOPPED);
    }
    assertThat(late).isEmpty();
  }

  private static final ContainerLimits FEW = ContainerLimits.builder().pids(9).build();

  private static String outcome(ExecResult result) {
    return result.outcome().describe();
  }

  private Path to(String name) {
    return directory.resolve("to" + name);
  }

  private static long fill(OutputStream stdin) throws IOException {
    long written = 0;
    try {
      while (true) {
        stdin.write(new byte[64 << 10]);
        written += 64 << 10;
      }
    } catch (IOException e) {
      throw new IOException("after " + written + " bytes: " + e.getMessage(), e);
    }
  }

  @Test
  void command_whenTheHypervisorGoesOn_isKilledAfterAll() throws Exception {
    try (Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      signal(sandbox, "STOP");
      ExecResult result =
          sandbox.exec(exec -> exec.command("sleep", "1000").timeout(Duration.ofSeconds(1)));
      assertThat(result.outcome())
          .isEqualTo(new ExecOutcome.TimedOut(Duration.ofSeconds(1), Fate.START_UNCONFIRMED));
      signal(sandbox, "CONT");
      sandbox
          .defaultContainer()
          .waitUntil(
              Wait.until(
                  "the command is gone",
                  container ->
                      !container.exec("ps").orThrow().stdoutText().contains("sleep 1000")));
    }
  }

  @Test
  void calls_whileAForkBombRuns_endInTimeAndTheAgentAnswers() throws Exception {
    try (Sandbox sandbox = kata.sandbox().image("busybox").start();
        Container other = sandbox.container("other").image("busybox").start()) {
      Container container = sandbox.defaultContainer();
      Execution bomb =
          sandbox.execInteractive(exec -> exec.command("sh", "-c", "f(){ f|f& }; f; sleep 60"));
      container.waitUntil(
          Wait.until("the bomb has gone off", at -> at.stats().pids().current() > 300));
      for (int i = 0; i < 3; i++) {
        timed(
            "exec beside the bomb",
            LIMIT,
            () -> outcome(sandbox.exec(exec -> exec.command("true").timeout(LIMIT))));
        timed(
            "exec in another container",
            LIMIT,
            () -> outcome(other.exec(exec -> exec.command("true").timeout(LIMIT))));
        timed("guestMetrics", LIMIT, () -> sandbox.guestMetrics().length());
        timed("stats", LIMIT, () -> container.stats().pids());
        timed("read", LIMIT, () -> other.files().read("/etc/passwd", MUCH).length);
      }
      assertThat(late).isEmpty();
      // The bomb has not taken all processes there are.
      assertThat(other.exec("true").isSuccess()).isTrue();
      // The agent itself is not starved.
      assertThat(sandbox.guestMetrics()).isNotEmpty();
      container.kill();
      assertThat(bomb.waitFor(Duration.ofSeconds(30))).isPresent();
    }
  }

  @Test
  void guest_whoseMemoryIsEaten_answersAndKeepsItsAgent() throws Exception {
    try (Sandbox sandbox = kata.sandbox().image("busybox").start();
        Container other = sandbox.container("other").image("busybox").start()) {
      ExecResult eaten =
          sandbox.exec(
              exec ->
                  exec.command("sh", "-c", "dd if=/dev/zero of=/dev/shm/a bs=64k; tail /dev/zero")
                      .timeout(Duration.ofSeconds(60)));
      System.out.println("eating memory " + outcome(eaten) + ": " + eaten.stderrText());
      Execution hog =
          sandbox.execInteractive(
              exec -> exec.command("sh", "-c", "while :; do tail /dev/zero; done"));
      for (int i = 0; i < 3; i++) {
        timed("guestMetrics", LIMIT, () -> sandbox.guestMetrics().length());
        timed("stats", LIMIT, () -> other.stats().memory());
        timed(
            "exec in another container",
            LIMIT,
            () -> outcome(other.exec(exec -> exec.command("true").timeout(LIMIT))));
      }
      assertThat(late).isEmpty();
      hog.kill();
      assertThat(sandbox.guestMetrics()).isNotEmpty();
      assertThat(sandbox.state()).isEqualTo(SandboxState.RUNNING);
      assertThat(sandbox.evidence().consoleTail()).doesNotContain("Kernel panic");
    }
  }

  @Test
  void agent_isSparedByTheKernel_andContainersAreNot() {
    try (Sandbox sandbox = kata.sandbox().start();
        Container looking =
            sandbox
                .container("looking")
                .image("busybox")
                .namespace(new OciNamespace(OciNamespace.Type.PID, "/proc/1/ns/pid"))
                .start()) {
      assertThat(
              looking
                  .exec("cat", "/proc/1/oom_score_adj", "/proc/self/oom_score_adj")
                  .orThrow()
                  .stdoutText()
                  .lines())
          .containsExactly("-1000", "0");
      assertThat(sandbox.exec("sh", "-c", "echo -1000 > /proc/self/oom_score_adj").isSuccess())
          .isFalse();
      String stat = sandbox.exec("cat", "/proc/self/stat").orThrow().stdoutText();
      // Field 19 is the nice value.
      assertThat(stat.split(" ", -1)[18]).isEqualTo("0");
      String pids = sandbox.exec("cat", "/sys/fs/cgroup/pids.max").orThrow().stdoutText().strip();
      assertThat(Long.parseLong(pids)).isBetween(100L, ContainerLimits.DEFAULT_PIDS);
    }
  }
}
