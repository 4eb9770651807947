package io.katajava.cli;

import io.katajava.Choice;
import io.katajava.KataDirectories;
import io.katajava.guest.GuestBuilder;
import io.katajava.guest.GuestStore;
import io.katajava.guest.InitrdCompression;
import io.katajava.guest.KernelBuilder;
import io.katajava.guest.KernelSource;
import io.katajava.guest.StoredGuest;
import io.katajava.json.JsonObject;
import io.katajava.spi.GuestAssets;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code kata guest}: the kernels and initrds sandboxes boot. */
@Command(
    name = "guest",
    description = "Build, list and verify what sandboxes boot.",
    subcommands = {GuestCommand.Build.class, GuestCommand.Show.class, GuestCommand.Verify.class},
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Examples:", "  kata guest build", "  kata guest list"})
final class GuestCommand {
  GuestCommand() {}

  private static GuestStore store() {
    return GuestStore.in(KataDirectories.fromEnvironment().cache());
  }

  /** {@code kata guest build}. */
  @Command(
      name = "build",
      description = "Find a kernel and build the initrd for it, or take both from the cache.",
      footer = {
        "",
        "Examples:",
        "  kata guest build",
        "  kata guest build --refresh",
        "  kata guest build --kernel-from-source",
        "  kata guest build --kernel /srv/vmlinuz --modules /srv/modules/6.12.1 --module nf_tables"
      })
  static final class Build implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(
        names = "--kernel",
        paramLabel = "FILE",
        description = {
          "A vmlinux, bzImage or arm64 Image; or kata, built, debian or host.",
          "Default: the first of these that exists."
        })
    @Nullable String kernel;

    @Option(
        names = "--kernel-from-source",
        description = {
          "Build a small kernel from Debian's linux-source, which takes minutes, and use it",
          "from then on; or take the one in the cache."
        })
    boolean fromSource;

    @Option(
        names = "--jobs",
        paramLabel = "N",
        description =
            "Number of compilers for --kernel-from-source. Default: one for each processor.")
    @Nullable Integer jobs;

    @Option(
        names = "--modules",
        paramLabel = "DIR",
        description = "The modules of --kernel, for example /lib/modules/6.1.")
    @Nullable Path modules;

    @Option(
        names = "--module",
        paramLabel = "NAME",
        description = "One more kernel module, and all it needs; may be given several times.")
    List<String> module = new ArrayList<>();

    @Option(
        names = "--architecture",
        paramLabel = "ARCH",
        description = "x86_64 or aarch64. Default: the host's.")
    @Nullable String architecture;

    @Option(
        names = "--agent",
        paramLabel = "FILE",
        description = "A static program that becomes /init. Default: our agent.")
    @Nullable Path agent;

    @Option(names = "--gzip", description = "Compress the initrd.")
    boolean gzip;

    @Option(names = "--refresh", description = "Ask apt for its newest kernel and busybox.")
    boolean refresh;

    @SuppressWarnings("NullAway.Init")
    Build() {}

    @Override
    public Integer call() throws InterruptedException {
      GuestBuilder builder = GuestBuilder.create().verify();
      try {
        describe(builder);
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
      }
      GuestAssets assets;
      if (fromSource) {
        try (Progress progress =
            new Progress(spec.commandLine().getErr(), Terminal.ofThisProcess(), 5)) {
          buildKernel(progress);
        }
      }
      try (ProgressBars bars = ProgressBars.on(spec)) {
        assets = builder.progress(bars).build(KataDirectories.fromEnvironment().cache());
      }
      PrintWriter out = spec.commandLine().getOut();
      for (Choice choice : assets.choices()) {
        out.println(choice);
      }
      out.flush();
      return ExitCodes.DONE;
    }

    private void buildKernel(Progress progress) throws InterruptedException {
      KernelBuilder builder = KernelBuilder.create().progress(progress::step);
      if (jobs != null) {
        builder.jobs(jobs);
      }
      if (refresh) {
        builder.refresh();
      }
      builder.build(KataDirectories.fromEnvironment().cache());
    }

    private void describe(GuestBuilder builder) {
      if (jobs != null && jobs < 1) {
        throw new IllegalArgumentException("--jobs is " + jobs + ", less than 1");
      }
      if (fromSource) {
        if (kernel != null || modules != null) {
          throw new IllegalArgumentException(
              "--kernel-from-source cannot be combined with --kernel");
        }
        builder.kernel(KernelSource.built());
      }
      if (architecture != null) {
        builder.architecture(architecture);
      }
      if (kernel != null) {
        builder.kernel(
            modules != null
                ? KernelSource.files(Path.of(kernel), modules)
                : Files.exists(Path.of(kernel))
                    ? KernelSource.files(Path.of(kernel))
                    : KernelSource.named(kernel));
      } else if (modules != null) {
        throw new IllegalArgumentException("--modules needs --kernel");
      }
      if (agent != null) {
        builder.agent(agent);
      }
      if (gzip) {
        builder.compression(InitrdCompression.GZIP);
      }
      if (refresh) {
        builder.refresh();
      }
      module.forEach(builder::module);
    }
  }

  /** {@code kata guest list}. */
  @Command(
      name = "list",
      description = "List the guests in the cache, the one used last first.",
      footer = {"", "Examples:", "  kata guest list", "  kata guest list --json"})
  static final class Show implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(names = "--json", description = "Print JSON, with what was chosen and why.")
    boolean json;

    @SuppressWarnings("NullAway.Init")
    Show() {}

    @Override
    public Integer call() {
      List<StoredGuest> guests = store().list();
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.print(
            Json.pretty(
                JsonObject.builder()
                    .put("guests", guests.stream().map(Show::toJson).toList())
                    .build()));
      } else {
        List<List<String>> rows = new ArrayList<>();
        rows.add(List.of("ID", "KERNEL", "LAST USED", "SIZE", "INITRD"));
        for (StoredGuest guest : guests) {
          rows.add(
              List.of(
                  guest.id(),
                  guest.chosen("kernel"),
                  guest.lastUsed().truncatedTo(ChronoUnit.SECONDS).toString(),
                  size(guest.initrd()),
                  guest.initrd().toString()));
        }
        out.print(TextTable.of(rows));
      }
      out.flush();
      return ExitCodes.DONE;
    }

    private static String size(Path file) {
      long bytes = file.toFile().length();
      return Files.exists(file) ? (bytes >> 10) + " KiB" : "missing";
    }

    private static JsonObject toJson(StoredGuest guest) {
      return JsonObject.builder()
          .put("id", guest.id())
          .put("kernel", guest.kernel().toString())
          .put("initrd", guest.initrd().toString())
          .put("lastUsed", guest.lastUsed().toString())
          .put(
              "choices",
              guest.choices().stream()
                  .map(
                      choice ->
                          JsonObject.builder()
                              .put("what", choice.what())
                              .put("chosen", choice.chosen())
                              .put("why", choice.why())
                              .build())
                  .toList())
          .build();
    }
  }

  /** {@code kata guest verify}. */
  @Command(
      name = "verify",
      description = "Read the guests in the cache in full and compare their SHA-256.",
      exitCodeListHeading = "%nExit codes:%n",
      exitCodeList = {"0:All guests are as they were made.", "1:A guest is damaged."},
      footer = {"", "Examples:", "  kata guest verify || kata guest build"})
  static final class Verify implements Callable<Integer> {
    @Spec CommandSpec spec;

    @SuppressWarnings("NullAway.Init")
    Verify() {}

    @Override
    public Integer call() {
      GuestStore store = store();
      PrintWriter out = spec.commandLine().getOut();
      int code = ExitCodes.DONE;
      for (StoredGuest guest : store.list()) {
        List<String> damage = store.damage(guest);
        out.println(guest.id() + (damage.isEmpty() ? " as it was made" : " DAMAGED"));
        damage.forEach(problem -> out.println("  " + problem));
        if (!damage.isEmpty()) {
          code = ExitCodes.NEGATIVE;
        }
      }
      if (code != ExitCodes.DONE) {
        out.println("'kata guest build' repairs the default guest; others are built again on use.");
      }
      out.flush();
      return code;
    }
  }
}
