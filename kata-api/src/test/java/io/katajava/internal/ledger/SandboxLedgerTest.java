package io.katajava.internal.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.SandboxLedger;
import io.katajava.SandboxRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxLedgerTest {
  private static final ProcessIdentity DEAD_OWNER =
      new ProcessIdentity(ProcessHandle.current().pid(), 1, ProcessIdentity.currentBootId());

  @TempDir Path directory;

  private Path state() {
    return directory.resolve("s");
  }

  private SandboxLedger view() {
    return SandboxLedger.open(new KataDirectories(state(), directory.resolve("c")));
  }

  private Ledger ledger() {
    return Ledger.open(state());
  }

  /** Its arguments name the sandbox's directory, as a hypervisor's do. */
  private Process machine(String id) throws IOException {
    return new ProcessBuilder("sh", "-c", "read line", "any", state().resolve(id) + "/qmp.sock")
        .start();
  }

  private SandboxRecord record(String id, ProcessIdentity owner, Process... processes)
      throws IOException {
    List<ProcessIdentity> identities =
        List.of(processes).stream()
            .map(process -> ProcessIdentity.of(process.pid()).orElseThrow())
            .toList();
    ledger().write(new LedgerEntry(id, owner, identities));
    ledger().makeDirectory(id);
    return view().find(id).orElseThrow();
  }

  @Test
  void sandboxes_noStateDirectory_isEmptyAndMakesNone() {
    assertThat(view().sandboxes()).isEmpty();
    assertThat(view().sweep()).isEmpty();
    assertThat(state()).doesNotExist();
  }

  @Test
  void sandboxes_running_areToldWithOwnerAndProcesses() throws Exception {
    Process machine = machine("abcdefghij");
    try {
      SandboxRecord record = record("abcdefghij", ProcessIdentity.self(), machine);

      assertThat(record.owner().pid()).isEqualTo(ProcessHandle.current().pid());
      assertThat(record.owner().alive()).isTrue();
      assertThat(record.isOrphaned()).isFalse();
      assertThat(record.processes())
          .singleElement()
          .matches(process -> process.pid() == machine.pid() && process.alive());
      assertThat(record.since())
          .isBetween(Instant.now().minusSeconds(600), Instant.now().plusSeconds(5));
      assertThat(record.directory()).isEqualTo(state().resolve("abcdefghij"));
    } finally {
      machine.destroyForcibly().waitFor();
    }
  }

  @Test
  void sandboxes_damagedEntry_isOrphaned() throws IOException {
    Files.writeString(ledger().entries().resolve("damaged"), "nonsense");

    assertThat(view().sandboxes()).singleElement().matches(SandboxRecord::isOrphaned);
  }

  @Test
  void find_byUniqueBeginning_findsIt_andRefusesAnAmbiguousOne() throws IOException {
    record("aaabbbcccd", DEAD_OWNER);
    record("aaacccddde", DEAD_OWNER);

    assertThat(view().find("aaab")).map(SandboxRecord::id).hasValue("aaabbbcccd");
    assertThat(view().find("zzz")).isEmpty();
    assertThat(view().find("")).isEmpty();
    assertThatThrownBy(() -> view().find("aaa"))
        .isInstanceOfSatisfying(
            KataException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION))
        .hasMessageContaining("aaabbbcccd");
  }

  @Test
  void stop_ownerAlive_endsTheProcessAndLeavesTheRestToTheOwner() throws Exception {
    Process machine = machine("alive");
    try {
      SandboxRecord record = record("alive", ProcessIdentity.self(), machine);

      assertThat(view().stop(record, Duration.ofSeconds(20))).isEqualTo(1);

      assertThat(machine.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(machine.exitValue()).isEqualTo(143);
      assertThat(record.directory()).isDirectory();
      assertThat(view().stop(record, Duration.ZERO)).isZero();
    } finally {
      machine.destroyForcibly().waitFor();
    }
  }

  @Test
  void stop_ownerDead_removesDirectoryAndEntry() throws Exception {
    Process machine = machine("dead");
    try {
      SandboxRecord record = record("dead", DEAD_OWNER, machine);

      view().stop(record, Duration.ofSeconds(20));

      assertThat(record.directory()).doesNotExist();
      assertThat(view().sandboxes()).isEmpty();
    } finally {
      machine.destroyForcibly().waitFor();
    }
  }

  @Test
  void stop_processThatIgnoresTheRequest_isKilledAfterTheGrace() throws Exception {
    Process stubborn =
        new ProcessBuilder(
                "sh",
                "-c",
                "trap '' TERM; echo ready; while :; do read line; done",
                "any",
                state().resolve("stubborn") + "/qmp.sock")
            .start();
    try {
      assertThat(stubborn.inputReader().readLine()).isEqualTo("ready");
      SandboxRecord record = record("stubborn", ProcessIdentity.self(), stubborn);

      view().stop(record, Duration.ofMillis(100));

      assertThat(stubborn.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(stubborn.exitValue()).isEqualTo(137);
    } finally {
      stubborn.destroyForcibly().waitFor();
    }
  }

  @Test
  void stop_pidUsedByAnother_doesNotTouchIt() throws Exception {
    Process bystander = machine("old");
    try {
      ProcessIdentity real = ProcessIdentity.of(bystander.pid()).orElseThrow();
      ledger()
          .write(
              new LedgerEntry(
                  "old",
                  ProcessIdentity.self(),
                  List.of(new ProcessIdentity(real.pid(), real.startTicks() - 1, real.bootId()))));

      assertThat(view().stop(view().find("old").orElseThrow(), Duration.ZERO)).isZero();

      assertThat(bystander.isAlive()).isTrue();
    } finally {
      bystander.destroyForcibly().waitFor();
    }
  }

  @Test
  void stop_recordNamesAProcessThatIsNoMachine_doesNotTouchIt() throws Exception {
    Process bystander = new ProcessBuilder("sleep", "600").start();
    try {
      SandboxRecord record = record("forged", DEAD_OWNER, bystander);

      assertThat(record.processes()).noneMatch(SandboxRecord.RecordedProcess::alive);
      assertThat(view().stop(record, Duration.ZERO)).isZero();

      assertThat(bystander.isAlive()).isTrue();
    } finally {
      bystander.destroyForcibly().waitFor();
    }
  }

  @Test
  void sweep_tellsWhatItRemoved_andLeavesTheLiving() throws IOException {
    record("dead", DEAD_OWNER);
    record("alive", ProcessIdentity.self());

    assertThat(view().sweep()).containsExactly("dead");

    assertThat(view().sandboxes()).extracting(SandboxRecord::id).containsExactly("alive");
  }
}
