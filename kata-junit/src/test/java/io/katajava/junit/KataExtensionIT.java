package io.katajava.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.testkit.engine.EventConditions.container;
import static org.junit.platform.testkit.engine.EventConditions.event;
import static org.junit.platform.testkit.engine.EventConditions.finishedWithFailure;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.instanceOf;
import static org.junit.platform.testkit.engine.TestExecutionResultConditions.message;

import io.katajava.Container;
import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import io.katajava.qemu.QemuConfig;
import io.katajava.wait.Wait;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.reporting.ReportEntry;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;
import org.junit.platform.testkit.engine.Event;

/** Runs test classes with real sandboxes through the JUnit engine. */
class KataExtensionIT {
  /** Ids of sandboxes, by who saw them. */
  private static final Map<String, Set<String>> SEEN = new ConcurrentHashMap<>();

  private static final List<String> NOTES = new CopyOnWriteArrayList<>();

  private static void seen(String who, Sandbox sandbox) {
    SEEN.computeIfAbsent(who, any -> ConcurrentHashMap.newKeySet()).add(sandbox.id());
  }

  private static Set<String> seen(String who) {
    return SEEN.getOrDefault(who, Set.of());
  }

  @BeforeEach
  void forget() {
    SEEN.clear();
    NOTES.clear();
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    Path all = KataDirectories.fromEnvironment().state().resolve("junit");
    String own = ProcessHandle.current().pid() + "-";
    assertThat(Leftovers.hypervisors(all.resolve(own).toString())).isEmpty();
    if (Files.isDirectory(all)) {
      try (DirectoryStream<Path> directories = Files.newDirectoryStream(all, own + "*")) {
        assertThat(directories).isEmpty();
      }
    }
  }

  private static EngineExecutionResults run(Map<String, String> parameters, Class<?>... classes) {
    EngineTestKit.Builder kit = EngineTestKit.engine("junit-jupiter");
    for (Class<?> one : classes) {
      kit.selectors(selectClass(one));
    }
    return kit.configurationParameters(parameters).execute();
  }

  private static EngineExecutionResults run(Class<?>... classes) {
    return run(Map.of(), classes);
  }

  private static void assertAllSucceeded(EngineExecutionResults results, int tests) {
    assertThat(failures(results)).isEmpty();
    results.testEvents().assertStatistics(all -> all.succeeded(tests).failed(0));
  }

  private static List<Throwable> failures(EngineExecutionResults results) {
    return results.allEvents().failed().stream().map(KataExtensionIT::failure).toList();
  }

  private static Throwable failure(Event event) {
    return event.getRequiredPayload(TestExecutionResult.class).getThrowable().orElseThrow();
  }

  @Sandboxed(vcpus = 2, memory = "192 MiB")
  static class Shared {
    @BeforeAll
    static void prepare(Sandbox sandbox) {
      seen("shared", sandbox);
      sandbox.exec("sh", "-c", "echo prepared >/tmp/state").orThrow();
    }

    @Test
    void first(Sandbox sandbox, Container container, Kata kata) {
      seen("shared", sandbox);
      assertThat(container.exec("cat", "/tmp/state").stdoutText()).isEqualTo("prepared\n");
      assertThat(sandbox.defaultContainer()).isSameAs(container);
      assertThat(kata.sandboxes()).containsExactly(sandbox);
      assertThat(sandbox.exec("nproc").stdoutText()).isEqualTo("2\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void another(int number, Sandbox sandbox) {
      assertThat(number).isPositive();
      seen("shared", sandbox);
    }

    @Nested
    class Inner {
      @Test
      void sharesIt(Sandbox sandbox) {
        seen("shared", sandbox);
      }
    }

    @Nested
    @Sandboxed
    class Apart {
      @Test
      void hasItsOwn(Sandbox sandbox, Kata kata) {
        seen("apart", sandbox);
        assertThat(sandbox.exec("test", "-e", "/tmp/state").isSuccess()).isFalse();
        assertThat(kata.sandboxes()).contains(sandbox);
      }
    }

    @Test
    @Sandboxed(vcpus = 1)
    void alone(Sandbox sandbox) {
      seen("alone", sandbox);
      assertThat(sandbox.exec("nproc").stdoutText()).isEqualTo("1\n");
    }
  }

  @Test
  void sandbox_perClass_isSharedByItsTests() {
    assertAllSucceeded(run(Shared.class), 6);
    assertThat(seen("shared")).hasSize(1);
    assertThat(seen("apart")).hasSize(1).doesNotContainAnyElementsOf(seen("shared"));
    assertThat(seen("alone")).hasSize(1).doesNotContainAnyElementsOf(seen("shared"));
  }

  @Sandboxed(lifecycle = SandboxLifecycle.PER_METHOD)
  static class Fresh {
    private final Sandbox atConstruction;

    Fresh(Sandbox atConstruction) {
      this.atConstruction = atConstruction;
    }

    @BeforeEach
    void prepare(Sandbox sandbox) {
      assertThat(sandbox).isSameAs(atConstruction);
    }

    @RepeatedTest(2)
    void isFresh(Container container) {
      seen("fresh", container.sandbox());
      assertThat(container.sandbox()).isSameAs(atConstruction);
      assertThat(container.exec("mkdir", "/mine").isSuccess()).isTrue();
    }
  }

  @Sandboxed(lifecycle = SandboxLifecycle.FORK)
  static class Forked {
    @BeforeAll
    static void prepare(Sandbox sandbox) {
      seen("original", sandbox);
      sandbox.exec("sh", "-c", "echo prepared >/tmp/state").orThrow();
    }

    @RepeatedTest(3)
    void hasACopy(Sandbox sandbox) {
      seen("copies", sandbox);
      assertThat(sandbox.exec("cat", "/tmp/state").stdoutText()).isEqualTo("prepared\n");
      sandbox.exec("sh", "-c", "echo changed >/tmp/state").orThrow();
    }
  }

  @Test
  void sandbox_fork_isACopyForEachTest() {
    assertAllSucceeded(run(Forked.class), 3);
    assertThat(seen("original")).hasSize(1);
    assertThat(seen("copies")).hasSize(3).doesNotContainAnyElementsOf(seen("original"));
  }

  static class Plain {
    @KataTest
    void isFresh(Sandbox sandbox) {
      seen("fresh", sandbox);
    }

    @Test
    void needsNone() {}
  }

  @Test
  void sandbox_perMethod_isNewForEachTest() {
    assertAllSucceeded(run(Fresh.class, Plain.class), 4);
    assertThat(seen("fresh")).hasSize(3);
  }

  @Sandboxed(lifecycle = SandboxLifecycle.PER_METHOD)
  static class TooEarly {
    @BeforeAll
    static void prepare(Sandbox sandbox) {
      seen("early", sandbox);
    }

    @Test
    void never() {}
  }

  @Test
  void sandbox_perMethod_beforeAnyTest_isRefused() {
    run(TooEarly.class)
        .containerEvents()
        .assertThatEvents()
        .haveExactly(
            1,
            event(
                container(TooEarly.class),
                finishedWithFailure(
                    message(text -> text.contains("has a sandbox of its own, but no test")))));
    assertThat(seen("early")).isEmpty();
  }

  @Sandboxed
  static class Failing {
    @Test
    void fails(Sandbox sandbox) {
      try (Container job =
          sandbox
              .container("job")
              .command("sh", "-c", "echo the disk is full; sleep 1000")
              .waitingFor(Wait.forLogMessage("full"))
              .start()) {
        assertThat(job.status().outcome()).isEmpty();
        // What is known of it is known by an event.
        sandbox.exec("true").orThrow();
        throw new IllegalStateException("this test fails");
      }
    }

    @Test
    void succeeds(Sandbox sandbox) {
      sandbox.exec("true").orThrow();
    }
  }

  @Test
  void failure_ofATest_tellsWhatTheSandboxSays() {
    EngineExecutionResults results = run(Failing.class);
    results.testEvents().assertStatistics(all -> all.succeeded(1).failed(1));
    List<ReportEntry> entries =
        results.allEvents().reportingEntryPublished().stream()
            .map(event -> event.getRequiredPayload(ReportEntry.class))
            .toList();
    assertThat(entries).hasSize(1);
    Map<String, String> told = entries.get(0).getKeyValuePairs();
    assertThat(told.get("kata.timeline")).contains("boot", "container");
    assertThat(told.get("kata.sandbox")).contains("accelerator");
    assertThat(told.get("kata.log.job")).contains("STDOUT the disk is full");
    Throwable failure = failures(results).get(0);
    assertThat(failure).hasMessage("this test fails");
    assertThat(failure.getSuppressed())
        .singleElement()
        .satisfies(
            evidence ->
                assertThat(evidence)
                    .hasMessageStartingWith("what the sandbox says")
                    .hasMessageContaining("kata.timeline:")
                    .hasMessageContaining("the disk is full"));
  }

  static class Leaving {
    @KataTest
    void forgetsToClose(Kata kata, Sandbox sandbox) throws IOException {
      Sandbox forgotten = kata.sandbox().name("forgotten").start();
      Sandbox outliving = kata.sandbox().name("outliving").detached().start();
      outliving.close();
      Files.createFile(kata.directories().state().resolve("a-file"));
      NOTES.add(sandbox.id());
      NOTES.add(forgotten.id());
      NOTES.add(outliving.id());
    }
  }

  @Test
  void leftovers_failTheClass_andAreRemoved() {
    EngineExecutionResults results = run(Leaving.class);
    results.testEvents().assertStatistics(all -> all.succeeded(1));
    results
        .containerEvents()
        .assertThatEvents()
        .haveExactly(
            1,
            event(container(Leaving.class), finishedWithFailure(instanceOf(LeftoversError.class))));
    LeftoversError error = (LeftoversError) failures(results).get(0);
    assertThat(error).hasMessageContaining(Leaving.class.getName() + " left behind:\n  sandbox ");
    assertThat(error.leftovers())
        .anySatisfy(line -> assertThat(line).startsWith("sandbox " + NOTES.get(1) + " (forgotten)"))
        .anySatisfy(line -> assertThat(line).startsWith("process ").contains(NOTES.get(2)))
        .anySatisfy(line -> assertThat(line).startsWith("socket ").contains(NOTES.get(2)))
        .anySatisfy(line -> assertThat(line).startsWith("file ").endsWith("a-file"))
        .noneSatisfy(line -> assertThat(line).contains(NOTES.get(0)));

    assertAllSucceeded(run(Map.of("kata.junit.leftovers", "ignore"), Leaving.class), 1);
  }

  @Sandboxed
  static class Configured {
    @KataSettings static final Kata.Builder RUNTIME = Kata.builder();

    @KataSettings
    static final Consumer<SandboxBuilder> MACHINE = sandbox -> sandbox.name("told").vcpus(2);

    @Test
    void isAsTold(Sandbox sandbox) {
      seen("configured", sandbox);
      assertThat(sandbox.name()).contains("told");
      // The field counts more than the parameter, which says 1.
      assertThat(sandbox.exec("nproc").stdoutText()).isEqualTo("2\n");
      MemorySize memory = sandbox.stats().memory().total();
      assertThat(memory.bytes()).isBetween(100L << 20, 160L << 20);
    }

    @Test
    void isAnother(Sandbox sandbox) {
      seen("configured", sandbox);
    }
  }

  @Test
  void settings_comeFromParametersAndFields() {
    assertAllSucceeded(
        run(
            Map.of(
                "kata.junit.lifecycle", "per-method",
                "kata.junit.vcpus", "1",
                "kata.junit.memory", "160 MiB",
                "kata.junit.image", "busybox",
                "kata.junit.start-timeout", "240"),
            Configured.class),
        2);
    assertThat(seen("configured")).hasSize(2);
  }

  @Sandboxed
  static class FromFile {
    @Test
    void isAsTheFileSays(Sandbox sandbox) {
      assertThat(sandbox.exec("nproc").stdoutText()).isEqualTo("2\n");
      assertThat(sandbox.commandLine()).anySatisfy(one -> assertThat(one).contains("q35"));
    }
  }

  @TempDir Path directory;

  @Test
  void settings_comeFromAConfigurationFile() throws IOException {
    Path file = directory.resolve("configuration.toml");
    Files.writeString(
        file,
        """
        [hypervisor.qemu]
        machine_type = "q35"
        default_vcpus = 2
        default_memory = 200
        """);
    assertAllSucceeded(run(Map.of("kata.junit.configuration", file.toString()), FromFile.class), 1);
  }

  @Sandboxed
  static class BadField {
    @KataSettings static final String WRONG = "a string";

    @Test
    void never(Sandbox sandbox) {
      throw new AssertionError("there is none: " + sandbox);
    }
  }

  @Test
  void settings_thatAreNotUnderstood_areNamed() {
    assertThat(failures(run(BadField.class)))
        .singleElement()
        .satisfies(
            failure ->
                assertThat(failure)
                    .hasStackTraceContaining("WRONG is neither a Kata.Builder nor a Consumer"));
    assertThat(failures(run(Map.of("kata.junit.lifecycle", "sometimes"), Configured.class)))
        .hasSize(2)
        .allSatisfy(
            failure ->
                assertThat(failure)
                    .hasStackTraceContaining(
                        "kata.junit.lifecycle = sometimes is not a valid value"));
  }

  @Sandboxed
  static class NotStarting {
    @KataSettings
    static final Kata.Builder RUNTIME =
        Kata.builder()
            .hypervisor(
                QemuConfig.builder().binary(Path.of("/nowhere/qemu-system-x86_64")).build());

    @RepeatedTest(3)
    void never(Sandbox sandbox) {
      throw new AssertionError("there is none: " + sandbox);
    }
  }

  @Test
  void start_thatFails_failsAllTestsAndIsTriedOnce() {
    EngineExecutionResults results = run(NotStarting.class);
    List<Throwable> causes =
        failures(results).stream()
            .map(failure -> failure instanceof KataException ? failure : failure.getCause())
            .toList();
    assertThat(causes).hasSize(3);
    assertThat(Set.copyOf(causes)).hasSize(1);
    assertThat(causes.get(0))
        .isInstanceOfSatisfying(
            KataException.class,
            e -> assertThat(e.code()).isEqualTo(ErrorCode.HYPERVISOR_NOT_FOUND));
    assertThat(
            results.allEvents().reportingEntryPublished().stream()
                .map(event -> event.getRequiredPayload(ReportEntry.class).getKeyValuePairs())
                .collect(Collectors.toList()))
        .allSatisfy(
            entry -> assertThat(entry.get("kata.start")).contains("/nowhere/qemu-system", "total"));
  }

  static class Many {
    @RepeatedTest(25)
    void runs(Sandbox sandbox, TestInfo test) {
      seen(getClass().getSimpleName(), sandbox);
      String name = test.getDisplayName().replaceAll("\\W", "-");
      try (Container container =
          sandbox
              .container(name)
              .command("sh", "-c", "echo " + name + "; sleep 1000")
              .waitingFor(Wait.forLogMessage(name))
              .start()) {
        assertThat(container.exec("echo", name).orThrow().stdoutText()).isEqualTo(name + "\n");
      }
    }
  }

  @Sandboxed
  static class ManyOfOne extends Many {}

  @Sandboxed
  static class ManyOfAnother extends Many {}

  @Test
  void fiftyTests_onEightThreads_shareTwoSandboxes() {
    assertAllSucceeded(
        run(
            Map.of(
                "junit.jupiter.execution.parallel.enabled", "true",
                "junit.jupiter.execution.parallel.mode.default", "concurrent",
                "junit.jupiter.execution.parallel.config.strategy", "fixed",
                "junit.jupiter.execution.parallel.config.fixed.parallelism", "8"),
            ManyOfOne.class,
            ManyOfAnother.class),
        50);
    assertThat(seen("ManyOfOne")).hasSize(1);
    assertThat(seen("ManyOfAnother")).hasSize(1);
    assertThat(seen("ManyOfOne")).doesNotContainAnyElementsOf(seen("ManyOfAnother"));
  }
}
