package io.katajava.cli;

import io.katajava.SandboxLedger;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code kata cleanup}: removes what killed JVMs left behind. */
@Command(
    name = "cleanup",
    description = "End and remove what JVMs that are gone left behind.",
    footer = {
      "",
      "The next start of a sandbox does the same. The command prints the ids of the sandboxes",
      "that it removed.",
      "Sandboxes of JVMs that run are not touched.",
      "",
      "Examples:",
      "  kata cleanup"
    })
final class CleanupCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @SuppressWarnings("NullAway.Init")
  CleanupCommand() {}

  @Override
  public Integer call() {
    SandboxLedger.open().sweep().forEach(spec.commandLine().getOut()::println);
    spec.commandLine().getOut().flush();
    return ExitCodes.DONE;
  }
}
