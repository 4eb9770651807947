package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * JVMs are killed with SIGKILL at random instants while they start, share, snapshot, fork, build
 * templates, make disks and detach. More of them: {@code -Dkata.kills=500}; those of a run before
 * again: {@code -Dkata.kills.seed=SEED}, which it tells.
 */
class RandomKillsIT {
  private static final int IN_EVERY_BUILD = 8;

  @Test
  void kill9_atRandomInstants_leavesNothingAfterTheNextRuntimeHasLooked() throws Exception {
    int count = Integer.getInteger("kata.kills", IN_EVERY_BUILD);
    long seed = Long.getLong("kata.kills.seed", new Random().nextLong());
    RandomKills kills = new RandomKills(seed);
    for (int kill = 1; kill <= count; kill++) {
      assertThat(kills.once()).as("kill %s of seed %s", kill, seed).isEmpty();
    }
  }
}
