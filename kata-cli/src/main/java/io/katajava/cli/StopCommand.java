package io.katajava.cli;

import io.katajava.SandboxLedger;
import io.katajava.SandboxRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata stop}: ends sandboxes, whichever JVM they belong to. */
@Command(
    name = "stop",
    description = "End sandboxes, whichever JVM of this user they belong to.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:All of them were ended.",
      "1:There is no such sandbox; the others were ended.",
      "125:A process did not end."
    },
    footer = {
      "",
      "Processes are known by pid, start time and boot, so that no other one is",
      "touched. A JVM that owns the sandbox and still runs sees its machine exit and",
      "removes its directory.",
      "",
      "Examples:",
      "  kata stop k3xq",
      "  kata stop --timeout 1s $(kata ps -q)"
    })
final class StopCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = {"-t", "--timeout"},
      paramLabel = "DUR",
      description = "How long its processes have to end by themselves. Default: 5s.")
  Duration timeout = Duration.ofSeconds(5);

  @Parameters(
      arity = "1..*",
      paramLabel = "ID",
      description = "Ids of 'kata ps', or enough of their beginnings, or names.")
  List<String> ids = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  StopCommand() {}

  @Override
  public Integer call() {
    SandboxLedger ledger = SandboxLedger.open();
    int code = ExitCodes.DONE;
    for (String id : ids) {
      Optional<SandboxRecord> sandbox = ledger.find(id);
      if (sandbox.isEmpty()) {
        spec.commandLine()
            .getErr()
            .println("kata: there is no sandbox '" + id + "'; 'kata ps' lists them");
        code = ExitCodes.NEGATIVE;
        continue;
      }
      ledger.stop(sandbox.get(), timeout);
      spec.commandLine().getOut().println(sandbox.get().id());
      spec.commandLine().getOut().flush();
    }
    spec.commandLine().getErr().flush();
    return code;
  }
}
