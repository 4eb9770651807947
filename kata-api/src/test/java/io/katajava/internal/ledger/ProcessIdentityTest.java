package io.katajava.internal.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who runs, who is about to end, and who only has the number of somebody else. */
class ProcessIdentityTest {
  private static final String AFTER_FLAGS = " 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";

  @Test
  void thisProcess_runs() {
    ProcessIdentity self = ProcessIdentity.self();
    assertThat(self.isAlive()).isTrue();
    assertThat(self.isRunning()).isTrue();
    assertThat(new ProcessIdentity(self.pid(), self.startTicks() + 1, self.bootId()).isRunning())
        .isFalse();
    assertThat(new ProcessIdentity(self.pid(), self.startTicks(), "another boot").isRunning())
        .isFalse();
  }

  @Test
  void nobody_neitherRunsNorLives() {
    assertThat(ProcessIdentity.NOBODY.isAlive()).isFalse();
    assertThat(ProcessIdentity.NOBODY.isRunning()).isFalse();
  }

  @Test
  void endedProcess_doesNotRun() throws Exception {
    Process process = new ProcessBuilder("sleep", "600").start();
    ProcessIdentity identity = ProcessIdentity.of(process.pid()).orElseThrow();
    assertThat(identity.isRunning()).isTrue();
    process.destroyForcibly();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(identity.isRunning()).isFalse();
    assertThat(identity.isAlive()).isFalse();
  }

  @Test
  void line_withAnyName_isRead() {
    String line = "42 (a) b (c) R 1 42 42 0 -1 4194308" + AFTER_FLAGS;
    assertThat(ProcessIdentity.Stat.parse(line)).contains(new ProcessIdentity.Stat(0x400004, 4711));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "42",
        "42 (sleep)",
        "42 (sleep) ",
        "42 (sleep) Z 1 42 42 0 -1 4194308 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0",
        "42 (sleep) X 1 42 42 0 -1 4194308 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0",
        "42 (sleep) S 1 42 42 0 -1 none 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0",
      })
  void line_ofNoRunningProcess_isNone(String line) {
    assertThat(ProcessIdentity.Stat.parse(line)).isEmpty();
  }
}
