package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.BirthPolicy;
import io.katajava.Kata;
import io.katajava.Sandbox;
import io.katajava.SandboxPool;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A pool of real guests. */
class PoolIT {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @Test
  void borrowed_isAFreshSandboxEachTimeAndCloseLeavesNothing() {
    try (OpenStore store = new OpenStore()) {
      try (Kata kata =
              Kata.builder().stateDirectory(store.state()).templates(store.settings()).build();
          SandboxPool pool =
              kata.pool()
                  .sandbox(sandbox -> sandbox.birth(BirthPolicy.TEMPLATE_ON_DEMAND))
                  .minimumIdle(2)
                  .maximum(3)
                  .borrowTimeout(PATIENCE)
                  .build()) {
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < 4; i++) {
          try (Sandbox sandbox = pool.borrow()) {
            assertThat(seen.add(sandbox.id())).isTrue();
            sandbox.exec("sh", "-c", "test ! -e /mine && touch /mine").orThrow();
            String machine = sandbox.exec("cat", "/etc/machine-id").orThrow().stdoutText();
            assertThat(seen.add(machine)).isTrue();
          }
        }
        assertThat(pool.awaitIdle(PATIENCE)).isTrue();
        Sandbox idle = kata.sandboxes().get(0);
        ProcessHandle.of(idle.hypervisorPid()).orElseThrow().destroyForcibly();
        idle.onExit().join();
        try (Sandbox sandbox = pool.borrow()) {
          assertThat(sandbox.id()).isNotEqualTo(idle.id());
          sandbox.exec("true").orThrow();
        }
        assertThat(pool.statistics().borrowed()).isEqualTo(5);
      }
      new Leftovers(store.state()).assertNone();
      assertThat(store.drafts()).isEmpty();
    }
  }
}
