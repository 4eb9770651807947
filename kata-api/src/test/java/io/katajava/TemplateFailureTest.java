package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.katajava.spi.ForwardingHypervisor;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.TemplateTraits;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmSpec;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A template that cannot be built is told of, and by whoever boots for want of it. */
class TemplateFailureTest {
  @TempDir Path directory;

  /** Its templates end like those of a QEMU that takes no files. */
  private static final class WithoutTemplates extends ForwardingHypervisor {
    WithoutTemplates(Hypervisor real) {
      super(real);
    }

    @Override
    public TemplateTraits templateFor(VmSpec spec) {
      return new TemplateTraits(spec.sizes(), List.of("fake"), Optional.empty(), List.of());
    }

    @Override
    public VirtualMachine launchTemplate(VmSpec spec, Path memory, StartContext context) {
      context.enter(StartPhase.VM_PROCESS);
      throw new IllegalStateException("migration to a file is not supported");
    }
  }

  private FakeAgent agent(String name) throws IOException {
    return FakeAgent.listenIn(Files.createDirectory(directory.resolve(name)));
  }

  private Kata kata(FakeAgent agent) {
    FakeMachine machine = new FakeMachine(agent);
    return machine
        .builder(directory)
        .hypervisor(new WithoutTemplates(machine))
        .templates(TemplateSettings.defaults().in(directory.resolve("t")))
        .build();
  }

  @Test
  void build_thatFails_isKatasOwnExceptionWithStageAndRemedy() throws Exception {
    try (FakeAgent agent = agent("a");
        Kata kata = kata(agent)) {
      KataException failure =
          catchThrowableOfType(
              KataException.class, () -> kata.templates().build(kata.sandbox().spec()));

      assertThat(failure)
          .hasMessageContaining("could not build a template")
          .hasMessageContaining("migration to a file is not supported")
          .hasCauseInstanceOf(IllegalStateException.class);
      assertThat(failure.code()).isEqualTo(ErrorCode.VM_START_FAILED);
      assertThat(failure.stage()).contains(StartPhase.VM_PROCESS);
      assertThat(failure.remedy()).isPresent();
    }
  }

  @Test
  void startsThatBootForWantOfIt_sayWhyAndWarnOnce() throws Exception {
    try (FakeAgent agent = agent("a");
        Kata kata = kata(agent)) {
      assertThatThrownBy(() -> kata.templates().build(kata.sandbox().spec()))
          .isInstanceOf(KataException.class);
    }
    PrintStream before = System.err;
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    try (FakeAgent agent = agent("b");
        Kata another = kata(agent)) {
      for (int i = 0; i < 2; i++) {
        TemplateStatus status = another.templates().status(another.sandbox().spec());
        assertThat(status.template()).isEmpty();
      }
      try (Sandbox sandbox = another.sandbox().start()) {
        assertThat(sandbox.birth().kind()).isEqualTo(Birth.Kind.COLD);
        assertThat(sandbox.birth().why())
            .contains("building one failed at")
            .contains("migration to a file is not supported");
        assertThat(sandbox.describe().toString()).contains("building one failed at");
      }
    } finally {
      System.setErr(before);
    }
    assertThat(logged.toString(StandardCharsets.UTF_8).split("could not be built", -1))
        .as("one warning in %s", logged)
        .hasSize(2);
  }
}
