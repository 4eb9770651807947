package io.katajava.cli;

import io.katajava.CommandNotStartedException;
import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerSpec;
import io.katajava.DirectorySharing;
import io.katajava.ExecOutcome;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.LimitAction;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import io.katajava.SandboxLedger;
import io.katajava.SandboxRecord;
import io.katajava.image.ImageRootfsProvider;
import io.katajava.spi.Ending;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata run}: one command in a container in a fresh virtual machine. */
@Command(
    name = "run",
    description = "Run a command in a container in a fresh virtual machine.",
    customSynopsis = {"kata run [OPTIONS] IMAGE [COMMAND...]", "kata run [OPTIONS] -- COMMAND..."},
    footer = {
      "",
      "Everything after IMAGE belongs to the command, as with docker: put kata's own options",
      "before it. IMAGE is pulled if it is not in the store. Without an IMAGE, that is when",
      "-- comes first, the container has the guest's own root filesystem, busybox.",
      "",
      "The exit code is the command's own; 128 + n when signal n ended it, or kata run",
      "itself; 124 after --timeout, 127 when the command does not exist, 126 when it cannot",
      "be executed, 141 when nobody reads its output any more, 74 when its output cannot be",
      "written, 125 when kata failed.",
      "",
      "Examples:",
      "  kata run -- uname -a",
      "  kata run -it -- sh",
      "  kata run debian:12 cat /etc/os-release",
      "  kata run -v .:/src:ro -p 8080:80 -- httpd -f -p 80 -h /src",
      "  kata run --egress none,allow=*.example.org:443 -- wget https://www.example.org/",
      "  kata run --detach --lifetime 8h -- httpd -f",
      "  kata run --birth template --timeline -- uname",
      "  tar c . | kata run --memory 512M --timeout 1m -- sh -c 'tar t | wc -l'"
    })
final class RunCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(names = "--vcpus", paramLabel = "N", description = "Number of vCPUs. Default: 1.")
  @Nullable Integer vcpus;

  @Option(names = "--memory", paramLabel = "SIZE", description = "Guest memory, for example 512M.")
  @Nullable MemorySize memory;

  @Option(
      names = "--birth",
      paramLabel = "WAY",
      description = {
        "cold: boot. auto: clone a template that fits, else",
        "boot. template: clone a template, which is built",
        "first if none fits. With --detach the sandbox is",
        "always booted. Default: ${DEFAULT-VALUE}."
      })
  BirthOption birth = BirthOption.auto;

  @Mixin ContainerOptions containerOptions;

  @Mixin NetworkOptions networkOptions;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = {
        "A name, which 'kata ps' shows and 'kata attach' and 'kata stop' take instead of the id;",
        "it is also the host name. No other running sandbox may have it."
      })
  @Nullable String name;

  @Option(
      names = "--rm",
      description = {
        "Remove the container when the command has ended. This is always done, except with",
        "--detach, where 'kata stop' does it."
      })
  boolean remove;

  @Option(
      names = {"-i", "--interactive"},
      description = "Pass standard input to the command, which is always done; for -it.")
  boolean interactive;

  @Option(
      names = {"-t", "--tty"},
      description = "Give the command a terminal, tied to this one if there is one.")
  boolean tty;

  @Option(
      names = "--timeout",
      paramLabel = "DUR",
      description = "Kill the command after this time, for example 30s; exit code 124.")
  @Nullable Duration timeout;

  @Option(
      names = {"-d", "--detach"},
      description = {
        "Print the sandbox's id once the command runs, and leave it running; 'kata attach' comes",
        "back to it, 'kata stop' ends it. The command's output waits in a pipe of 1 MiB."
      })
  boolean detach;

  @Option(
      names = "--lifetime",
      paramLabel = "DUR",
      description = "End the virtual machine after this time, for example 8h.")
  @Nullable Duration lifetime;

  @Option(
      names = "--unattended",
      paramLabel = "DUR",
      description = "With --detach: power off when nobody was attached for this long.")
  @Nullable Duration unattended;

  @Option(names = "--stats", description = "Print the resources that the container used on stderr.")
  boolean stats;

  @Option(names = "--timeline", description = "Print the phases of the start on stderr.")
  boolean timeline;

  @Option(
      names = "--waterfall",
      paramLabel = "FILE",
      description = {
        "Write a page (HTML) that shows the phases of the start, with the calls of the agent and",
        "the QMP commands in them; also when the start fails."
      })
  @Nullable Path waterfall;

  @Option(
      names = "--entrypoint",
      paramLabel = "PROGRAM",
      description = "Run this program of the image instead of its entrypoint; '' for none.")
  @Nullable String entrypoint;

  @Mixin ImageCommand.RegistryMixin registry;

  @Parameters(
      paramLabel = "IMAGE COMMAND",
      description = "The image, then the command and its arguments: all that follows.")
  List<String> words = new ArrayList<>();

  private @Nullable String image;
  private List<String> command = List.of();
  private final StartRecorder recorder = new StartRecorder();

  @SuppressWarnings("NullAway.Init")
  RunCommand() {}

  @Override
  public Integer call() throws InterruptedException, IOException {
    takeWordsApart();
    checkOptions();
    List<ContainerOptions.Copy> copies = containerOptions.copies();
    try {
      return detach ? leave(copies) : run(copies);
    } finally {
      Path page = waterfall;
      if (page != null) {
        Waterfall.write("kata run " + (image == null ? command.get(0) : image), recorder, page);
      }
    }
  }

  private int run(List<ContainerOptions.Copy> copies) throws InterruptedException, IOException {
    try (ProgressBars bars = ProgressBars.on(spec);
        Kata kata = runtime(bars);
        Sandbox sandbox = describe(kata.sandbox()).start()) {
      int code;
      try (Container container = describe(sandbox.container("main")).create()) {
        bars.clear();
        ContainerOptions.copy(copies, container);
        networkOptions.announce(sandbox, spec.commandLine().getErr());
        container.start();
        code = attach(container, sandbox);
        recorder.stop();
        if (stats) {
          spec.commandLine().getErr().print(StatsText.of(container.stats()));
        }
      } catch (CommandNotStartedException e) {
        tellNotStarted(e);
        code = e.outcome().exitCode();
      }
      if (timeline) {
        spec.commandLine().getErr().print(sandbox.timeline().toTable());
      }
      spec.commandLine().getErr().flush();
      return code;
    }
  }

  /** The first word is the image unless {@code --} stands before it. */
  private void takeWordsApart() {
    List<String> arguments = spec.commandLine().getParseResult().originalArgs();
    boolean named = !words.isEmpty() && !GuestCommandLine.isSeparated(arguments, words);
    image = named ? words.get(0) : null;
    command = named ? GuestCommandLine.after(words.subList(1, words.size())) : List.copyOf(words);
    if (image == null && command.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "there is neither an IMAGE nor a COMMAND");
    }
    if (image != null && image.isEmpty()) {
      throw new ParameterException(spec.commandLine(), "IMAGE is empty");
    }
    if (!command.isEmpty() && command.get(0).isEmpty()) {
      throw new ParameterException(spec.commandLine(), "COMMAND is empty");
    }
  }

  /** Before anything is started. */
  private void checkOptions() throws IOException {
    if (!detach && unattended != null) {
      throw new ParameterException(spec.commandLine(), "--unattended needs --detach");
    }
    if (detach && (interactive || timeout != null || stats || remove)) {
      throw new ParameterException(
          spec.commandLine(), "--detach cannot be combined with -i, --rm, --timeout and --stats");
    }
    if (detach && birth == BirthOption.template) {
      throw new ParameterException(
          spec.commandLine(),
          "--detach cannot be combined with --birth template: detached sandboxes are booted");
    }
    describe(ContainerSpec.builder("check"));
    requireFreeName();
  }

  private void requireFreeName() {
    if (name == null) {
      return;
    }
    for (SandboxRecord other : SandboxLedger.open().sandboxes()) {
      if (other.name().filter(name::equals).isPresent() && !other.isOrphaned()) {
        throw new ParameterException(
            spec.commandLine(),
            "the name " + name + " is taken by sandbox " + other.id() + ", which runs");
      }
    }
  }

  private void tellNotStarted(CommandNotStartedException failure) {
    PrintWriter err = spec.commandLine().getErr();
    err.println("kata: " + failure.getMessage());
    if (!command.isEmpty() && command.get(0).startsWith("-")) {
      err.println(
          "kata: everything after the image belongs to the command; put kata's own options before"
              + " the image");
    }
  }

  /** With the images and registries that the options say. */
  private Kata runtime(ProgressBars bars) {
    Kata.Builder builder =
        Kata.builder().rootfs(new ImageRootfsProvider(registry.store())).progress(bars);
    if (waterfall != null) {
      builder.observer(recorder);
    }
    return builder.build();
  }

  private int leave(List<ContainerOptions.Copy> copies) throws IOException {
    try (ProgressBars bars = ProgressBars.on(spec);
        Kata kata = runtime(bars)) {
      // Closed it would only be let go of, also where the command cannot be started.
      Sandbox sandbox = describe(kata.sandbox()).start();
      try {
        // Not closed: it stays as it is.
        Container container = describe(sandbox.container("main")).create();
        ContainerOptions.copy(copies, container);
        container.start();
      } catch (CommandNotStartedException e) {
        sandbox.stop(Duration.ZERO);
        tellNotStarted(e);
        spec.commandLine().getErr().flush();
        return e.outcome().exitCode();
      } catch (RuntimeException | IOException | Error e) {
        new Ending("the start")
            .step("stopping the sandbox", () -> sandbox.stop(Duration.ZERO))
            .addTo(e);
        throw e;
      }
      spec.commandLine().getOut().println(sandbox.id());
      spec.commandLine().getOut().flush();
      if (timeline) {
        spec.commandLine().getErr().print(sandbox.timeline().toTable());
        spec.commandLine().getErr().flush();
      }
      return ExitCodes.DONE;
    }
  }

  private int attach(Container container, Sandbox sandbox)
      throws InterruptedException, IOException {
    if (!tty || !Attachment.isTerminal()) {
      return new Attachment(container.mainProcess(), sandbox.id()).run(timeout);
    }
    Duration limit = timeout;
    if (limit == null) {
      return container.mainProcess().attachTerminal().exitCode();
    }
    AtomicBoolean expired = new AtomicBoolean();
    CompletableFuture.delayedExecutor(limit.toMillis(), TimeUnit.MILLISECONDS)
        .execute(
            () -> {
              expired.set(true);
              container.mainProcess().kill();
            });
    int late = new ExecOutcome.TimedOut(limit).exitCode();
    try {
      int code = container.mainProcess().attachTerminal().exitCode();
      return expired.get() ? late : code;
    } catch (KataException e) {
      // A guest that does not confirm the kill breaks off the output.
      if (expired.get()) {
        return late;
      }
      throw e;
    }
  }

  private SandboxBuilder describe(SandboxBuilder builder) {
    try {
      return described(builder);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private SandboxBuilder described(SandboxBuilder builder) {
    if (name != null) {
      builder.name(name);
    }
    builder
        .birth(birth.policy())
        .directories(
            detach || unattended != null ? DirectorySharing.COPY : containerOptions.sharing());
    if (vcpus != null) {
      builder.vcpus(vcpus);
    }
    if (memory != null) {
      builder.memory(memory);
    }
    if (lifetime != null) {
      builder.lifetimeLimit(lifetime, LimitAction.STOP);
    }
    if (unattended != null) {
      builder.detached(unattended);
    } else if (detach) {
      builder.detached();
    }
    return networkOptions.describe(builder);
  }

  private ContainerBuilder describe(ContainerBuilder builder) throws IOException {
    try {
      if (tty) {
        // Until the real size is known.
        builder.tty(80, 24);
      }
      if (image != null) {
        builder.image(image);
      }
      if (entrypoint != null) {
        builder.entrypoint(entrypoint.isEmpty() ? new String[0] : new String[] {entrypoint});
      }
      if (!command.isEmpty()) {
        builder.command(command);
      }
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    return containerOptions.describe(builder);
  }
}
