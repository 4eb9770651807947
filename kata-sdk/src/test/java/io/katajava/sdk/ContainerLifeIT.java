package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.ContainerLog;
import io.katajava.ContainerStats;
import io.katajava.ContainerStatus.State;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The life of containers, and several of them as a pod. */
class ContainerLifeIT {
  private static final Duration LONG = Duration.ofSeconds(60);

  @TempDir static Path directory;
  private static Leftovers leftovers;
  private static Kata kata;
  private static Sandbox sandbox;

  @BeforeAll
  static void start() {
    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).build();
    sandbox = kata.sandbox().name("pod").start();
  }

  @AfterAll
  static void closeLeavesNothing() {
    kata.close();
    leftovers.assertNone();
  }

  private static String shell(Container container, String script) {
    return container.exec("sh", "-c", script).orThrow().stdoutText().strip();
  }

  @Test
  void createdStartedStoppedStartedAgain_keepsItsFilesAndNothingElse() {
    try (Container container =
        sandbox
            .container("life")
            .command("sh", "-c", "trap 'exit 7' TERM; echo run; while :; do sleep 1; done")
            .keepLog(MemorySize.kibibytes(64))
            .create()) {
      assertThat(container.status().state()).isEqualTo(State.CREATED);
      assertThatThrownBy(container::mainProcess).isInstanceOf(IllegalStateException.class);

      container.start();
      assertThat(container.status().state()).isEqualTo(State.RUNNING);
      assertThatThrownBy(container::start)
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_STATE));
      shell(container, "echo kept > /file; sleep 600 >/dev/null 2>&1 & true");

      container.stop(LONG);
      assertThat(container.status().state()).isEqualTo(State.STOPPED);
      assertThat(container.status().outcome()).contains(new ExecOutcome.Exited(7));

      container.start();
      assertThat(container.status().restarts()).isEqualTo(1);
      assertThat(container.mainProcess().pid()).hasValue(1);
      assertThat(shell(container, "cat /file; ps -o args"))
          .startsWith("kept")
          .doesNotContain("600");
      container.restart(LONG);
      assertThat(shell(container, "cat /file")).isEqualTo("kept");
      assertThat(container.status().restarts()).isEqualTo(2);
      assertThat(
              Leftovers.within(
                  LONG,
                  () ->
                      container.log().lines().stream()
                              .filter(line -> line.text().equals("run"))
                              .count()
                          == 3))
          .as("one log over all runs")
          .isTrue();
    }
    assertThat(sandbox.containers()).isEmpty();
  }

  @Test
  void stop_processThatIgnoresIt_isKilledAfterTheGrace() {
    try (Container container =
        sandbox.container("stubborn").command("sh", "-c", "trap '' TERM; sleep 600").start()) {
      container.stop(Duration.ofMillis(200));
      assertThat(container.status().outcome()).contains(new ExecOutcome.Signalled(9));
    }
  }

  @Test
  void pause_freezesAndResumeThaws() {
    try (Container container =
        sandbox.container("frozen").command("sh", "-c", "while :; do echo x >> /n; done").start()) {
      container.pause();
      assertThat(container.status().state()).isEqualTo(State.PAUSED);
      assertThatThrownBy(() -> container.exec("true")).isInstanceOf(KataException.class);
      Duration before = container.stats().cpu().total();
      assertThat(container.stats().cpu().total()).isEqualTo(before);
      container.resume();
      assertThat(container.status().state()).isEqualTo(State.RUNNING);
      assertThat(
              Leftovers.within(LONG, () -> container.stats().cpu().total().compareTo(before) > 0))
          .isTrue();
    }
  }

  @Test
  void stats_tellWhatWasUsed() {
    try (Container container =
        sandbox.container("figures").memoryLimit(MemorySize.mebibytes(64)).pidsLimit(9).start()) {
      shell(container, "head -c 8m /dev/zero > /tmp/x");
      ContainerStats stats = container.stats();

      assertThat(stats.cpu().total()).isPositive();
      assertThat(stats.memory().used()).isGreaterThan(MemorySize.mebibytes(8));
      assertThat(stats.memory().limit()).contains(MemorySize.mebibytes(64));
      assertThat(stats.memory().counters()).containsKey("anon");
      assertThat(stats.pids().limit()).hasValue(9);
      assertThat(stats.pids().current()).isBetween(1L, 9L);
    }
  }

  @Test
  void log_isFollowedAndKeepsTheNewest() throws Exception {
    BlockingQueue<ContainerLog.Line> seen = new LinkedBlockingQueue<>();
    try (Container container =
        sandbox
            .container("chatty")
            .command("sh", "-c", "echo first >&2; seq 1 20000; echo last")
            .keepLog(MemorySize.kibibytes(8))
            .start()) {
      ContainerLog.Following following = container.log().follow(seen::add);
      ContainerLog.Line line = seen.poll(60, TimeUnit.SECONDS);
      while (line != null && !line.text().equals("last")) {
        line = seen.poll(60, TimeUnit.SECONDS);
      }
      following.close();
      assertThat(line).isNotNull();
      assertThat(container.mainProcess().waitFor(LONG)).contains(new ExecOutcome.Exited(0));
      assertThat(container.log().lines())
          .last()
          .extracting(ContainerLog.Line::text)
          .isEqualTo("last");
      assertThat(container.log().droppedLines()).isPositive();
    }
  }

  @Test
  void pod_sharesNetworkIpcUtsAndNamedDirectories_butNotPids() {
    try (Container one = sandbox.container("one").emptyDirectory("data", "/data").start();
        Container two = sandbox.container("two").emptyDirectory("data", "/mnt/d").start()) {
      String links = "cd /proc/self/ns; readlink net; readlink ipc; readlink uts";
      assertThat(shell(one, links)).isEqualTo(shell(two, links));
      assertThat(shell(one, "readlink /proc/self/ns/pid"))
          .isNotEqualTo(shell(two, "readlink /proc/self/ns/pid"));
      shell(one, "echo hello > /data/f");
      assertThat(shell(two, "cat /mnt/d/f; hostname")).isEqualTo("hello\npod");
    }
  }

  @Test
  void sharedPid_containersSeeEachOther_andOutliveEachOther() {
    try (Container one = sandbox.container("p1").sharedPid().command("sleep", "7001").start();
        Container two = sandbox.container("p2").sharedPid().command("sleep", "7002").start()) {
      assertThat(shell(two, "ps -o args")).contains("sleep 7001").contains("sleep 7002");
      one.stop(Duration.ofSeconds(5));
      assertThat(two.status().state()).isEqualTo(State.RUNNING);
      one.start();
      assertThat(shell(two, "ps -o args")).contains("sleep 7001");
      assertThat(sandbox.containers()).hasSize(2);
    }
  }

  @Test
  void stoppedContainers_areNoBurdenForTheOthers() {
    try (Container one = sandbox.container("r1").command("false").start();
        Container two = sandbox.container("r2").start()) {
      assertThat(one.mainProcess().waitFor(LONG)).contains(new ExecOutcome.Exited(1));
      assertThat(shell(two, "echo fine")).isEqualTo("fine");
    }
  }
}
