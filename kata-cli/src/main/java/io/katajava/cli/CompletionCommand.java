package io.katajava.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code kata completion}: a script that completes commands and options. */
@Command(
    name = "completion",
    description = "Print a script with which bash and zsh complete commands and options.",
    footer = {
      "",
      "Examples:",
      "  source <(kata completion)",
      "  kata completion > ~/.local/share/bash-completion/completions/kata"
    })
final class CompletionCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @SuppressWarnings("NullAway.Init")
  CompletionCommand() {}

  @Override
  public Integer call() {
    spec.commandLine().getOut().print(AutoComplete.bash("kata", KataCommand.commandLine()));
    spec.commandLine().getOut().flush();
    return ExitCodes.DONE;
  }
}
