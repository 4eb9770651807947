package io.katajava.cli;

import io.katajava.DiskInfo;
import io.katajava.Kata;
import io.katajava.json.JsonObject;
import java.io.PrintWriter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata disk}: the named disks of {@code kata run -v NAME:GUEST}. */
@Command(
    name = "disk",
    description = "List and remove named disks, which stay when sandboxes go.",
    subcommands = {DiskCommand.Listing.class, DiskCommand.Remove.class},
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "A disk is made by the first command that names it.",
      "",
      "Examples:",
      "  kata run -v db:/var/lib/db:size=4G -- sh",
      "  kata disk list"
    })
final class DiskCommand {
  DiskCommand() {}

  /** {@code kata disk list}. */
  @Command(
      name = "list",
      description = "List the disks there are.",
      footer = {"", "Examples:", "  kata disk list", "  kata disk list --json"})
  static final class Listing implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(names = "--json", description = "Print JSON.")
    boolean json;

    @SuppressWarnings("NullAway.Init")
    Listing() {}

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      try (Kata kata = Kata.create()) {
        List<DiskInfo> disks = kata.disks().list();
        out.print(
            json
                ? Json.pretty(
                    JsonObject.builder()
                        .put("directory", kata.disks().directory().toString())
                        .put("disks", disks.stream().map(Listing::toJson).toList())
                        .build())
                : table(disks));
      }
      out.flush();
      return ExitCodes.DONE;
    }

    private static JsonObject toJson(DiskInfo disk) {
      return JsonObject.builder()
          .put("name", disk.name())
          .put("image", disk.image().toString())
          .put("size", disk.size().bytes())
          .put("used", disk.used().bytes())
          .put("changed", disk.changed().toString())
          .build();
    }

    private static String table(List<DiskInfo> disks) {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("NAME", "SIZE", "USED", "CHANGED"));
      for (DiskInfo disk : disks) {
        rows.add(
            List.of(
                disk.name(),
                disk.size().toString(),
                (disk.used().bytes() >> 20) + " MiB",
                disk.changed().truncatedTo(ChronoUnit.SECONDS).toString()));
      }
      return TextTable.of(rows);
    }
  }

  /** {@code kata disk remove}. */
  @Command(
      name = "remove",
      description = "Remove disks and all that is on them.",
      footer = {
        "",
        "A sandbox that has one keeps it until it ends.",
        "",
        "Examples:",
        "  kata disk remove db"
      })
  static final class Remove implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "NAME", description = "What 'kata disk list' shows.")
    List<String> names = new ArrayList<>();

    @SuppressWarnings("NullAway.Init")
    Remove() {}

    @Override
    public Integer call() {
      int code = ExitCodes.DONE;
      try (Kata kata = Kata.create()) {
        for (String name : names) {
          try {
            if (!kata.disks().remove(name)) {
              spec.commandLine().getErr().println("kata: there is no disk '" + name + "'");
              code = ExitCodes.OWN_FAILURE;
            }
          } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
          }
        }
      }
      spec.commandLine().getErr().flush();
      return code;
    }
  }
}
