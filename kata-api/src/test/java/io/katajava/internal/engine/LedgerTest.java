package io.katajava.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
  private static final ProcessIdentity DEAD_OWNER =
      new ProcessIdentity(ProcessHandle.current().pid(), 1, ProcessIdentity.currentBootId());

  @TempDir Path state;
  private Ledger ledger;

  @BeforeEach
  void open() {
    ledger = Ledger.open(state.resolve("s"));
  }

  @Test
  void sweep_ownerAlive_leavesEverything() throws IOException {
    ledger.write(new LedgerEntry("alive", ProcessIdentity.self(), List.of()));
    ledger.makeDirectory("alive");

    new LedgerSweep(ledger).run();

    assertThat(ledger.directoryOf("alive")).isDirectory();
    assertThat(ledger.entries().resolve("alive")).exists();
  }

  @Test
  void sweep_ownerDead_killsItsProcessAndRemovesItsFiles() throws Exception {
    Process orphan = new ProcessBuilder("sleep", "600").start();
    try {
      ProcessIdentity identity = ProcessIdentity.of(orphan.pid()).orElseThrow();
      ledger.write(new LedgerEntry("dead", DEAD_OWNER, List.of(identity)));
      Files.createFile(ledger.makeDirectory("dead").resolve("agent.sock"));

      new LedgerSweep(ledger).run();

      assertThat(orphan.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(ledger.directoryOf("dead")).doesNotExist();
      assertThat(ledger.entries().resolve("dead")).doesNotExist();
    } finally {
      orphan.destroyForcibly();
    }
  }

  @Test
  void sweep_killedProcessIsNeverReaped_countsAsGone() throws Exception {
    // After exec, the parent is a program that does not know of its child.
    Process careless =
        new ProcessBuilder("sh", "-c", "sleep 600 & echo $!; exec sleep 600").start();
    try {
      long pid = Long.parseLong(careless.inputReader().readLine());
      // Until its exec the shell might still reap the child.
      Path comm = Path.of("/proc/" + careless.pid() + "/comm");
      while (!Files.readString(comm).startsWith("sleep")) {
        Thread.onSpinWait();
      }
      ledger.write(
          new LedgerEntry("dead", DEAD_OWNER, List.of(ProcessIdentity.of(pid).orElseThrow())));
      long begin = System.nanoTime();

      new LedgerSweep(ledger).run();

      assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(LedgerSweep.KILL_WAIT);
      assertThat(Path.of("/proc/" + pid)).as("the zombie is still there").exists();
      assertThat(ProcessIdentity.of(pid)).isEmpty();
      assertThat(ledger.entries().resolve("dead")).doesNotExist();
    } finally {
      careless.destroyForcibly().waitFor();
    }
  }

  @Test
  void sweep_pidUsedByAnother_doesNotKillIt() throws Exception {
    Process bystander = new ProcessBuilder("sleep", "600").start();
    try {
      ProcessIdentity real = ProcessIdentity.of(bystander.pid()).orElseThrow();
      ProcessIdentity earlier =
          new ProcessIdentity(real.pid(), real.startTicks() - 1, real.bootId());
      ledger.write(new LedgerEntry("dead", DEAD_OWNER, List.of(earlier)));

      new LedgerSweep(ledger).run();

      assertThat(bystander.isAlive()).isTrue();
      assertThat(ledger.entries().resolve("dead")).doesNotExist();
    } finally {
      bystander.destroyForcibly().waitFor();
    }
  }

  @Test
  void sweep_processNotRecordedYet_isFoundByItsDirectory() throws Exception {
    ledger.write(new LedgerEntry("dead", DEAD_OWNER, List.of()));
    String socket = ledger.makeDirectory("dead").resolve("qmp.sock").toString();
    Process orphan = new ProcessBuilder("sh", "-c", "read line", "qemu", "path=" + socket).start();
    try {
      new LedgerSweep(ledger).run();

      assertThat(orphan.waitFor(5, TimeUnit.SECONDS)).isTrue();
      assertThat(ledger.directoryOf("dead")).doesNotExist();
    } finally {
      orphan.destroyForcibly();
    }
  }

  @Test
  void sweep_damagedEntry_isRemovedWithItsDirectory() throws IOException {
    Files.writeString(ledger.entries().resolve("damaged"), "kata-java-ledger 1\nowner x\n");
    ledger.makeDirectory("damaged");

    new LedgerSweep(ledger).run();

    assertThat(ledger.directoryOf("damaged")).doesNotExist();
    assertThat(ledger.entries().resolve("damaged")).doesNotExist();
  }

  @Test
  void sweep_linkOutOfTheDirectory_isNotFollowed() throws IOException {
    Path outside = Files.createDirectory(state.resolve("outside"));
    Files.writeString(outside.resolve("precious"), "x");
    ledger.write(new LedgerEntry("dead", DEAD_OWNER, List.of()));
    Files.createSymbolicLink(ledger.makeDirectory("dead").resolve("link"), outside);

    new LedgerSweep(ledger).run();

    assertThat(outside.resolve("precious")).exists();
    assertThat(ledger.directoryOf("dead")).doesNotExist();
  }

  @Property
  void parse_anyText_neverThrows(@ForAll String text) {
    LedgerEntry.parse("any", text);
    LedgerEntry.parse("any", "kata-java-ledger 1\n" + text);
  }

  @Property
  void parse_everyPrefixOfAnEntry_isNotAnEntry(@ForAll int cut) {
    String whole = new LedgerEntry("any", DEAD_OWNER, List.of(DEAD_OWNER)).toText();
    String prefix = whole.substring(0, Math.floorMod(cut, whole.length() - 1));

    assertThat(LedgerEntry.parse("any", prefix)).isEmpty();
    assertThat(LedgerEntry.parse("any", whole)).isPresent();
  }
}
