package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.ContainerStatus.State;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Execution;
import io.katajava.Kata;
import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.LimitAction;
import io.katajava.Sandbox;
import io.katajava.SandboxLedger;
import io.katajava.SandboxRecord;
import io.katajava.SandboxState;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sandbox that outlives its JVM, with real other JVMs. */
class DetachedIT {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir Path directory;
  private Path state;
  private Leftovers leftovers;
  private final List<Process> others = new ArrayList<>();

  @BeforeEach
  void look() {
    state = directory.resolve("s");
    leftovers = new Leftovers(state);
  }

  @AfterEach
  void nothingStays() throws Exception {
    for (Process other : others) {
      other.destroyForcibly();
      assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
    // What a failed test leaves; the tests themselves have asserted that there is nothing.
    SandboxLedger ledger = SandboxLedger.open(new KataDirectories(state, state));
    for (SandboxRecord record : ledger.sandboxes()) {
      ledger.stop(record, Duration.ZERO);
    }
  }

  private Kata runtime() {
    return Kata.builder().stateDirectory(state).build();
  }

  /** Starts another JVM and reads its first line; null when it ends without one. */
  private String other(String... arguments) throws IOException {
    List<String> line =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Detacher.class.getName()));
    line.addAll(List.of(arguments));
    Process jvm = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    others.add(jvm);
    return new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8))
        .readLine();
  }

  private Process lastOther() {
    return others.get(others.size() - 1);
  }

  @Test
  void killedJvm_leavesASandboxThatIsAttachedToUsedAndStopped() throws Exception {
    String[] told = other("start", state.toString()).split(" ", -1);
    String id = told[0];
    lastOther().destroyForcibly();
    assertThat(lastOther().waitFor(60, TimeUnit.SECONDS)).isTrue();

    try (Kata kata = runtime()) {
      assertThat(kata.attachable()).extracting(SandboxRecord::id).containsExactly(id);
      try (Sandbox sandbox = kata.attach(id)) {
        assertThat(sandbox.hypervisorPid()).isEqualTo(Long.parseLong(told[1]));
        assertThat(sandbox.isDetached()).isTrue();
        assertThat(sandbox.state()).isEqualTo(SandboxState.RUNNING);
        assertThat(sandbox.name()).contains("keeper");
        assertThat(sandbox.annotations()).containsEntry("for", "test");
        assertThat(kata.attachable()).isEmpty();
        assertThat(sandbox.exec("cat", "/kept").orThrow().stdoutText()).isEqualTo("kept\n");

        Container early = container(sandbox, Detacher.EARLY);
        assertThat(early.mainProcess().waitFor(LONG)).contains(new ExecOutcome.Exited(3));
        assertThat(early.status().state()).isEqualTo(State.STOPPED);

        Container job = container(sandbox, Detacher.JOB);
        assertThat(job.status().state()).isEqualTo(State.RUNNING);
        assertThat(job.exec("sh", "-c", "printf %s \"$COLOUR\"; id -u").stdoutText())
            .isEqualTo("\"blue\"\n1000\n");
        job.exec(exec -> exec.command("touch", "/go").user("0:0")).orThrow();
        assertThat(job.mainProcess().waitFor(LONG)).contains(new ExecOutcome.Exited(5));
        job.start();
        assertThat(job.mainProcess().waitFor(LONG)).contains(new ExecOutcome.Exited(5));

        Container made = container(sandbox, Detacher.MADE);
        assertThat(made.status().state()).isEqualTo(State.CREATED);
        made.start();
        assertThat(made.mainProcess().waitFor(LONG)).contains(new ExecOutcome.Exited(9));

        try (Container more =
            sandbox.container("more").sharedPid().command("sleep", "601").start()) {
          assertThat(more.exec("ps", "-o", "args").stdoutText()).contains("sleep 600");
        }
        assertThat(sandbox.exec("ps", "-o", "args").stdoutText()).contains("sleep 777");
        sandbox.stop(Duration.ofSeconds(20));
      }
      leftovers.assertNone();
      assertThatThrownBy(() -> kata.attach(id))
          .isInstanceOfSatisfying(
              KataException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.SANDBOX_NOT_FOUND));
    }
  }

  @Test
  void oneAtATime_whoeverItIs() throws Exception {
    try (Kata kata = runtime()) {
      Sandbox sandbox = kata.sandbox().detached().start();
      String id = sandbox.id();
      assertThatThrownBy(() -> kata.attach(id))
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.ALREADY_ATTACHED));
      // Refused or not, an attempt must not cost the lock.
      assertThat(other("attach", state.toString(), id)).isEqualTo("ALREADY_ATTACHED");
      assertThat(other("attach", state.toString(), id)).isEqualTo("ALREADY_ATTACHED");

      sandbox.close();
      assertThat(sandbox.state()).isEqualTo(SandboxState.DETACHED);
      assertThatThrownBy(() -> sandbox.exec("true"))
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLOSED));
      assertThat(other("attach", state.toString(), id)).isEqualTo("attached");
      assertThat(lastOther().waitFor(60, TimeUnit.SECONDS)).isTrue();

      Sandbox again = kata.attach(id.substring(0, id.length() - 1));
      assertThat(again.exec("echo", "back").stdoutText()).isEqualTo("back\n");
      again.stop(Duration.ofSeconds(20));
      leftovers.assertNone();
    }
  }

  @Test
  void sweep_leavesWhatRunsAndRemovesWhatEnded() throws Exception {
    String[] told = other("start-and-end", state.toString()).split(" ", -1);
    assertThat(lastOther().waitFor(60, TimeUnit.SECONDS)).isTrue();
    SandboxLedger ledger = SandboxLedger.open(new KataDirectories(state, state));
    assertThat(ledger.sweep()).isEmpty();
    assertThat(ledger.sandboxes())
        .singleElement()
        .satisfies(
            record -> {
              assertThat(record.isAttachable()).isTrue();
              assertThat(record.isOrphaned()).isFalse();
            });
    // Nobody but this user may read what proves the sandbox.
    try (var files = Files.list(state.resolve("ledger"))) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith("." + told[0])))
          .hasSize(2)
          .allSatisfy(
              file ->
                  assertThat(Files.getPosixFilePermissions(file))
                      .containsExactlyInAnyOrder(
                          PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
    }

    assertThat(ProcessHandle.of(Long.parseLong(told[1])).orElseThrow().destroyForcibly()).isTrue();
    assertThat(Leftovers.within(LONG, () -> leftovers.processes().isEmpty())).isTrue();
    try (Kata kata = runtime()) {
      assertThat(kata.attachable()).isEmpty();
    }
    leftovers.assertNone();
  }

  @Test
  void machineThatEndsWhileAttached_isLostAndRemoved() {
    try (Kata kata = runtime()) {
      kata.sandbox().detached().start().close();
      Sandbox sandbox = kata.attach(kata.attachable().get(0).id());
      Execution sleep = sandbox.execInteractive(exec -> exec.command("sleep", "600"));
      ProcessHandle.of(sandbox.hypervisorPid()).orElseThrow().destroyForcibly();

      assertThat(sleep.waitFor(LONG)).containsInstanceOf(ExecOutcome.VmLost.class);
      assertThat(sandbox.onExit().orTimeout(60, TimeUnit.SECONDS).join().status()).isEqualTo(-1);
      assertThat(sandbox.state()).isEqualTo(SandboxState.LOST);
      sandbox.close();
      leftovers.assertNone();
    }
  }

  @Test
  void unattendedForTooLong_powersItselfOff() {
    try (Kata kata = runtime()) {
      kata.sandbox().detached(Duration.ofSeconds(2)).start().close();
      assertThat(Leftovers.within(LONG, () -> leftovers.processes().isEmpty())).isTrue();
      assertThat(SandboxLedger.open(new KataDirectories(state, state)).sweep()).hasSize(1);
      leftovers.assertNone();
    }
  }

  @Test
  void lifetimeThatPassesUnattended_powersItOff() {
    try (Kata kata = runtime()) {
      kata.sandbox()
          .detached()
          .lifetimeLimit(Duration.ofSeconds(30), LimitAction.STOP)
          .start()
          .close();
      assertThat(kata.attachable()).hasSize(1);
      assertThat(Leftovers.within(LONG, () -> leftovers.processes().isEmpty())).isTrue();
    }
    runtime().close();
    leftovers.assertNone();
  }

  private static Container container(Sandbox sandbox, String name) {
    return sandbox.containers().stream()
        .filter(container -> container.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
