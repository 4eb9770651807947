package io.katajava.cli;

import io.katajava.SandboxLedger;
import io.katajava.SandboxRecord;
import io.katajava.SandboxRecord.RecordedProcess;
import io.katajava.json.JsonObject;
import java.io.PrintWriter;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code kata ps}: the sandboxes of all JVMs of this user. */
@Command(
    name = "ps",
    description = "List the sandboxes of all JVMs of this user.",
    footer = {
      "",
      "STATE is running; detached when it runs and no JVM is attached to it, so that",
      "'kata attach' can be; gone when its machine has ended and its owner has not",
      "noticed yet; orphaned when the JVM that owns it is gone, so that 'kata cleanup'",
      "removes it.",
      "",
      "Examples:",
      "  kata ps",
      "  kata ps -q | xargs -r kata stop"
    })
final class PsCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(names = "--json", description = "Print JSON.")
  boolean json;

  @Option(
      names = {"-q", "--quiet"},
      description = "Print the ids only.")
  boolean quiet;

  @SuppressWarnings("NullAway.Init")
  PsCommand() {}

  @Override
  public Integer call() {
    List<SandboxRecord> sandboxes = SandboxLedger.open().sandboxes();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.print(
          Json.pretty(
              JsonObject.builder()
                  .put("sandboxes", sandboxes.stream().map(PsCommand::toJson).toList())
                  .build()));
    } else if (quiet) {
      sandboxes.forEach(sandbox -> out.println(sandbox.id()));
    } else {
      out.print(table(sandboxes));
    }
    out.flush();
    return ExitCodes.DONE;
  }

  static String table(List<SandboxRecord> sandboxes) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("ID", "STATE", "OWNER", "PROCESSES", "SINCE", "NAME"));
    for (SandboxRecord sandbox : sandboxes) {
      rows.add(
          List.of(
              sandbox.id(),
              state(sandbox),
              sandbox.isAttachable() ? "-" : pid(sandbox.owner()),
              sandbox.processes().isEmpty()
                  ? "-"
                  : String.join(",", sandbox.processes().stream().map(PsCommand::pid).toList()),
              shown(sandbox.since()),
              sandbox.name().orElse("-")));
    }
    return TextTable.of(rows);
  }

  private static String state(SandboxRecord sandbox) {
    if (sandbox.isOrphaned()) {
      return "orphaned";
    }
    if (sandbox.isAttachable()) {
      return "detached";
    }
    boolean running =
        sandbox.processes().isEmpty()
            || sandbox.processes().stream().anyMatch(RecordedProcess::alive);
    return running ? "running" : "gone";
  }

  private static String pid(RecordedProcess process) {
    return process.pid() == 0 ? "?" : String.valueOf(process.pid());
  }

  private static String shown(Instant instant) {
    return instant.truncatedTo(ChronoUnit.SECONDS).toString();
  }

  static JsonObject toJson(SandboxRecord sandbox) {
    return JsonObject.builder()
        .put("id", sandbox.id())
        .put("name", sandbox.name().orElse(null))
        .put("state", state(sandbox))
        .put("detached", sandbox.detached())
        .put("owner", toJson(sandbox.owner()))
        .put("processes", sandbox.processes().stream().map(PsCommand::toJson).toList())
        .put("since", sandbox.since().toString())
        .put("directory", sandbox.directory().toString())
        .build();
  }

  private static JsonObject toJson(RecordedProcess process) {
    return JsonObject.builder().put("pid", process.pid()).put("alive", process.alive()).build();
  }
}
