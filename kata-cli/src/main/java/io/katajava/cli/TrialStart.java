package io.katajava.cli;

import io.katajava.BirthPolicy;
import io.katajava.Choice;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.SandboxStartException;
import io.katajava.config.LaunchPlan;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.spi.ForwardingHypervisor;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.StartContext;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmSpec;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Starts a sandbox, runs a command in it and keeps all that the start and QEMU say. */
final class TrialStart {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private TrialStart() {}

  /** With the defaults, or as a configuration plans it; a start that fails gives texts, too. */
  static Map<String, String> run(Optional<LaunchPlan> plan) {
    Map<String, String> texts = new LinkedHashMap<>();
    QemuConfig config;
    try {
      config = plan.map(LaunchPlan::qemu).orElseGet(() -> QemuConfig.builder().build());
    } catch (KataException e) {
      texts.put("failure.txt", e + "\n");
      return texts;
    }
    Watching hypervisor = new Watching(config.toHypervisor());
    Kata.Builder builder = Kata.builder().hypervisor(hypervisor);
    plan.flatMap(LaunchPlan::guest).ifPresent(builder::guest);
    try (Kata kata = builder.build();
        Sandbox sandbox =
            kata.sandbox().name("trial").birth(BirthPolicy.COLD).startTimeout(LIMIT).start()) {
      ExecResult result = sandbox.exec(exec -> exec.command("uname", "-a").timeout(LIMIT));
      texts.put("result.txt", "uname -a: " + result + "\n" + result.stdoutText());
      texts.put("timeline.txt", sandbox.timeline().toTable());
      texts.put(
          "choices.txt",
          sandbox.describe().stream()
              .map(Choice::toString)
              .collect(Collectors.joining("\n", "", "\n")));
      VirtualMachine vm = hypervisor.launched;
      if (vm != null) {
        evidence(texts, vm.evidence());
      }
      if (vm instanceof QemuVm qemu) {
        texts.put("qmp.json", Json.pretty(QmpState.of(qemu.monitor())));
      }
    } catch (SandboxStartException e) {
      texts.put("failure.txt", e.report());
      evidence(texts, e.evidence());
    } catch (KataException e) {
      texts.put("failure.txt", e + "\n");
    }
    return texts;
  }

  private static void evidence(Map<String, String> texts, VmEvidence evidence) {
    texts.put("command-line.txt", String.join("\n", evidence.commandLine()) + "\n");
    texts.put("stderr.txt", evidence.stderrTail());
    texts.put("console.txt", evidence.consoleTail());
  }

  /** Remembers the machine, which the API keeps to itself. */
  private static final class Watching extends ForwardingHypervisor {
    private volatile @Nullable VirtualMachine launched;

    Watching(Hypervisor real) {
      super(real);
    }

    @Override
    public VirtualMachine launch(VmSpec spec, StartContext context) throws InterruptedException {
      VirtualMachine vm = super.launch(spec, context);
      launched = vm;
      return vm;
    }
  }
}
