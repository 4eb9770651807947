package io.katajava.internal.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.internal.disk.DraftNotes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
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
    Process orphan = machine("dead");
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
        new ProcessBuilder(
                "sh",
                "-c",
                "sh -c 'sleep 600; true' \"$1\" & echo $!; exec sleep 600",
                "any",
                ledger.directoryOf("dead") + "/qmp.sock")
            .start();
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

  /** A process that has a sandbox's directory in its arguments, as its hypervisor has. */
  private Process machine(String id) throws IOException {
    return new ProcessBuilder("sh", "-c", "read line", "any", ledger.directoryOf(id) + "/qmp.sock")
        .start();
  }

  /** As a neighbour would have it, who wrote the record. */
  @Test
  void sweep_recordNamesAProcessThatIsNoMachine_leavesItAlone() throws Exception {
    Process bystander = new ProcessBuilder("sleep", "600").start();
    Process otherMachine = machine("other");
    try {
      ledger.write(
          new LedgerEntry(
              "dead",
              DEAD_OWNER,
              List.of(
                  ProcessIdentity.of(bystander.pid()).orElseThrow(),
                  ProcessIdentity.of(otherMachine.pid()).orElseThrow())));

      assertThat(new LedgerSweep(ledger).run()).containsExactly("dead");

      assertThat(bystander.isAlive()).isTrue();
      assertThat(otherMachine.isAlive()).isTrue();
    } finally {
      bystander.destroyForcibly().waitFor();
      otherMachine.destroyForcibly().waitFor();
    }
  }

  @Test
  void sweep_stateToldByAnotherName_countsOnlyIfItLeadsHere() throws Exception {
    Path link = Files.createSymbolicLink(state.resolve("link"), ledger.state());
    Path elsewhere = Files.createDirectories(state.resolve("elsewhere"));
    for (boolean leadsHere : List.of(true, false)) {
      Path told = leadsHere ? link : elsewhere;
      Process machine =
          new ProcessBuilder("sh", "-c", "read line", "any", told.resolve("dead") + "/qmp.sock")
              .start();
      try {
        ledger.write(
            new LedgerEntry(
                    "dead", DEAD_OWNER, List.of(ProcessIdentity.of(machine.pid()).orElseThrow()))
                .in(told));

        new LedgerSweep(ledger).run();

        assertThat(machine.waitFor(leadsHere ? 5000 : 0, TimeUnit.MILLISECONDS))
            .isEqualTo(leadsHere);
      } finally {
        machine.destroyForcibly().waitFor();
      }
    }
  }

  @Test
  void sweep_recordThatOthersCouldWrite_isPassedOver() throws Exception {
    Process machine = machine("dead");
    try {
      LedgerEntry entry =
          new LedgerEntry(
              "dead", DEAD_OWNER, List.of(ProcessIdentity.of(machine.pid()).orElseThrow()));
      ledger.write(entry);
      Path record = ledger.entries().resolve("dead");
      Files.setPosixFilePermissions(record, PosixFilePermissions.fromString("rw-rw-rw-"));

      assertThat(new LedgerSweep(ledger).run()).isEmpty();

      Path real = Files.move(record, state.resolve("record"));
      Files.setPosixFilePermissions(real, PosixFilePermissions.fromString("rw-------"));
      Files.createSymbolicLink(record, real);

      assertThat(new LedgerSweep(ledger).run()).isEmpty();
      assertThat(new LedgerView(ledger.state()).sandboxes()).isEmpty();
      assertThat(machine.isAlive()).isTrue();
    } finally {
      machine.destroyForcibly().waitFor();
    }
  }

  @Test
  void open_directoryThatOthersCanWrite_isRefusedAndNotTouched() throws IOException {
    Path open = Files.createDirectory(state.resolve("open"));
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxrwxrwx"));

    assertThatThrownBy(() -> Ledger.open(open))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.HOST_UNSUITABLE))
        .hasMessageContaining(open + " can be written by others (mode 777")
        .hasMessageContaining("chmod go-w " + open);
    assertThat(open).isEmptyDirectory();

    Path entries = Files.createDirectory(state.resolve("s2")).resolve("ledger");
    Files.setPosixFilePermissions(
        Files.createDirectory(entries), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> Ledger.open(state.resolve("s2")))
        .isInstanceOf(KataException.class)
        .hasMessageContaining(entries.toString());
    assertThatThrownBy(() -> new LedgerView(state.resolve("s2")).sandboxes())
        .isInstanceOf(KataException.class);
  }

  @Test
  void sweep_draftOfALivingWriter_isLeftThoughItIsEmpty() throws IOException {
    Path young =
        ledger.entries().resolve("abc." + ProcessIdentity.self().toName() + ".1" + Ledger.DRAFT);
    Path orphaned = ledger.entries().resolve("abc." + DEAD_OWNER.toName() + ".1" + Ledger.DRAFT);
    Path nameless = ledger.entries().resolve("abc" + Ledger.DRAFT);
    for (Path draft : List.of(young, orphaned, nameless)) {
      Files.createFile(draft);
    }

    new LedgerSweep(ledger).run();

    assertThat(young).exists();
    assertThat(orphaned).doesNotExist();
    assertThat(nameless).doesNotExist();
  }

  @Test
  void write_thatFails_leavesNoDraft() throws IOException {
    Path taken = Files.createDirectory(ledger.entries().resolve("taken"));
    Files.createFile(taken.resolve("x"));

    assertThatThrownBy(
            () -> ledger.write(new LedgerEntry("taken", ProcessIdentity.self(), List.of())))
        .isInstanceOf(IOException.class);

    try (var all = Files.list(ledger.entries())) {
      assertThat(all).containsExactly(taken);
    }
  }

  /** One runtime sweeps over and over while others start: none of their drafts is taken away. */
  @Test
  void sweep_whileOthersWrite_takesNothingAway() throws Exception {
    AtomicBoolean done = new AtomicBoolean();
    CompletableFuture<Void> sweeping =
        CompletableFuture.runAsync(
            () -> {
              while (!done.get()) {
                new LedgerSweep(ledger).run();
              }
            });
    try {
      List<CompletableFuture<Void>> writers = new ArrayList<>();
      for (int writer = 0; writer < 2; writer++) {
        String name = "w" + writer;
        writers.add(
            CompletableFuture.runAsync(
                () -> {
                  try {
                    for (int i = 0; i < 500; i++) {
                      ledger.write(
                          new LedgerEntry(name + "x" + i, ProcessIdentity.self(), List.of()));
                      ledger.remove(name + "x" + i);
                    }
                  } catch (IOException e) {
                    throw new UncheckedIOException(e);
                  }
                }));
      }
      writers.forEach(CompletableFuture::join);
    } finally {
      done.set(true);
      sweeping.join();
    }
  }

  @Test
  void drafts_ofARuntimeThatWasKilled_areRemoved_andThoseOfTheLivingAreNot() throws IOException {
    Path draft = Files.createDirectory(state.resolve(".draft-one"));
    Files.createFile(draft.resolve("state"));
    DraftNotes.Note note = new LedgerDrafts(ledger).note(draft);

    new LedgerSweep(ledger).run();
    assertThat(draft).isDirectory();

    Path ours;
    try (var all = Files.list(ledger.entries())) {
      ours = all.filter(one -> !one.endsWith(".lock")).findFirst().orElseThrow();
    }
    String self = ProcessIdentity.self().toName();
    String name = ours.getFileName().toString().replace(self, DEAD_OWNER.toName());
    Files.move(ours, ours.resolveSibling(name));
    new LedgerSweep(ledger).run();

    assertThat(draft).doesNotExist();
    assertThat(ours.resolveSibling(name)).doesNotExist();
    note.close();
  }

  @Test
  void remove_takesWhatADaemonNotedElsewhereWithIt() throws IOException {
    Path place = Path.of("/run/virtiofsd");
    boolean made = false;
    if (!Files.exists(place)) {
      // Nobody but root could, and then no daemon in C can run either.
      if (!Files.isWritable(Path.of("/run"))) {
        return;
      }
      Files.createDirectory(place);
      made = true;
    }
    String name = (ledger.directoryOf("dead") + "/h1.sock.pid").replace('/', '.');
    Path note = Files.createFile(place.resolve(name));
    ledger.write(new LedgerEntry("dead", DEAD_OWNER, List.of()));

    new LedgerSweep(ledger).run();

    assertThat(note).doesNotExist();
    if (made) {
      Files.deleteIfExists(place);
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
