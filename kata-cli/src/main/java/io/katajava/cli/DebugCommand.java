package io.katajava.cli;

import io.katajava.Host;
import io.katajava.HostCheckOptions;
import io.katajava.HostReport;
import io.katajava.KataDirectories;
import io.katajava.KataException;
import io.katajava.SandboxLedger;
import io.katajava.SandboxRecord;
import io.katajava.config.ConfigurationException;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.KataConfiguration;
import io.katajava.guest.GuestStore;
import io.katajava.guest.StoredGuest;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kata debug}: evidence for a report of a problem. */
@Command(
    name = "debug",
    description = "Collect evidence for a report of a problem.",
    subcommands = DebugCommand.Collect.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Examples:", "  kata debug collect"})
final class DebugCommand {
  DebugCommand() {}

  /** {@code kata debug collect}. */
  @Command(
      name = "collect",
      description =
          "Put host check, environment, configuration, logs and machines into one archive.",
      footer = {
        "",
        "The archive contains the host check, the environment, the configuration file with",
        "its drop-ins and problems (errors in it do not stop the collection), the logs that",
        "you name, the record of each running sandbox, and a trial start with its phases,",
        "QEMU's messages, the guest's console and QEMU's own account of the machine (QMP).",
        "The QMP connection of another JVM's sandbox belongs to that JVM, so such a sandbox",
        "is asked only if its extra monitor speaks QMP.",
        "",
        "Secrets are removed: values of names such as password, token or secret,",
        "credentials in addresses and headers, private keys, and values of such",
        "environment variables wherever they occur. Look through the archive all the",
        "same before you hand it on.",
        "",
        "Examples:",
        "  kata debug collect",
        "  kata debug collect --no-trial --log kata.log -o /tmp/evidence.tar.gz"
      })
  static final class Collect implements Callable<Integer> {
    private static final int LOG_TAIL = 8 << 20;

    @Spec CommandSpec spec;

    @Option(
        names = {"-o", "--output-file"},
        paramLabel = "FILE",
        description = "The archive. Default: kata-debug-DATE-TIME.tar.gz.")
    @Nullable Path output;

    @Option(
        names = "--log",
        paramLabel = "FILE",
        description = "Add the last 8 MiB of this log; may be given several times.")
    List<Path> logs = new ArrayList<>();

    @Mixin HostConfiguration configuration = new HostConfiguration();

    @Option(names = "--no-trial", description = "Start no sandbox.")
    boolean noTrial;

    @SuppressWarnings("NullAway.Init")
    Collect() {}

    @Override
    public Integer call() throws IOException {
      String name =
          "kata-debug-"
              + DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT)
                  .format(LocalDateTime.now(ZoneId.systemDefault()));
      Path target = output == null ? Path.of(name + ".tar.gz") : output;
      try (DebugArchive archive = new DebugArchive(target, name, new Redactor(System.getenv()));
          Progress progress =
              new Progress(spec.commandLine().getErr(), Terminal.ofThisProcess(), 5)) {
        progress.step("configuration and logs");
        files(archive);
        Optional<KataConfiguration> read = configuration(archive);
        progress.step("host");
        host(archive, HostConfiguration.options(read).build());
        progress.step("sandboxes");
        sandboxes(archive);
        progress.step("trial start");
        if (!noTrial) {
          add(archive, "trial", TrialStart.run(read.map(KataConfiguration::plan)));
        }
        progress.step("writing");
        archive.add("contents.txt", String.join("\n", archive.names()) + "\n");
        archive.publish();
      }
      spec.commandLine().getOut().println(target);
      spec.commandLine().getOut().flush();
      return ExitCodes.DONE;
    }

    /** One with errors is evidence itself; the rest is then collected as without it. */
    private Optional<KataConfiguration> configuration(DebugArchive archive) throws IOException {
      Optional<KataConfiguration> read = Optional.empty();
      List<ConfigurationProblem> problems = List.of();
      try {
        read = configuration.read();
        problems = read.map(KataConfiguration::warnings).orElse(problems);
      } catch (ConfigurationException e) {
        problems = e.problems();
      }
      StringWriter text = new StringWriter();
      PrintWriter lines = new PrintWriter(text);
      problems.forEach(problem -> ConfigurationTask.tell(lines, problem));
      archive.add("configuration-problems.txt", text.toString());
      return read;
    }

    private static void host(DebugArchive archive, HostCheckOptions options) throws IOException {
      HostReport report = Host.check(options);
      HostReportText text = new HostReportText(report, new Terminal(Map.of(), false, false));
      archive.add("host-check.txt", text.text(true));
      archive.add("host-check.json", Json.pretty(text.json()));
      archive.add(
          "environment.toml",
          new EnvironmentDocument(Host.environment(options), VersionCommand.version()).toml());
    }

    private void files(DebugArchive archive) throws IOException {
      for (Path file : configuration.files()) {
        archive.add("configuration" + file.toAbsolutePath().normalize(), tail(file));
      }
      for (Path file : logs) {
        archive.add("logs" + file.toAbsolutePath().normalize(), tail(file));
      }
    }

    private static String tail(Path file) {
      try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
        in.seek(Math.max(0, in.length() - LOG_TAIL));
        byte[] bytes = new byte[(int) Math.min(LOG_TAIL, in.length())];
        int read = 0;
        for (int n = 0; n >= 0 && read < bytes.length; read += Math.max(n, 0)) {
          n = in.read(bytes, read, bytes.length - read);
        }
        return new String(bytes, 0, read, StandardCharsets.UTF_8);
      } catch (IOException e) {
        return "cannot be read: " + e.getMessage() + "\n";
      }
    }

    private static void sandboxes(DebugArchive archive) throws IOException {
      try {
        List<SandboxRecord> sandboxes = SandboxLedger.open().sandboxes();
        archive.add("sandboxes.txt", PsCommand.table(sandboxes));
        for (SandboxRecord sandbox : sandboxes) {
          add(archive, "sandboxes/" + sandbox.id(), SandboxEvidence.of(sandbox));
        }
        StringBuilder guests = new StringBuilder();
        for (StoredGuest guest : GuestStore.in(KataDirectories.fromEnvironment().cache()).list()) {
          guests.append(guest.id()).append('\n');
          guest.choices().forEach(choice -> guests.append("  ").append(choice).append('\n'));
        }
        archive.add("guests.txt", guests.toString());
      } catch (KataException e) {
        archive.add("sandboxes.txt", e + "\n");
      }
    }

    private static void add(DebugArchive archive, String directory, Map<String, String> texts)
        throws IOException {
      for (Map.Entry<String, String> text : texts.entrySet()) {
        archive.add(directory + "/" + text.getKey(), text.getValue());
      }
    }
  }
}
