package io.katajava.cli;

import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/**
 * Refuses empty values: ids, names, paths and sizes are none, and what is looked up by an empty one
 * is always something else than was meant. What is the command's in the guest may be empty.
 */
final class EmptyValues {
  private EmptyValues() {}

  static void refuse(ParseResult result) {
    for (ParseResult each = result; each != null; each = each.subcommand()) {
      for (ArgSpec argument : each.matchedArgs()) {
        if (!mayBeEmpty(argument) && argument.originalStringValues().contains("")) {
          String name =
              argument instanceof OptionSpec option ? option.longestName() : argument.paramLabel();
          throw new ParameterException(
              each.commandSpec().commandLine(), name + " has an empty value");
        }
      }
    }
  }

  private static boolean mayBeEmpty(ArgSpec argument) {
    // As with docker an empty entrypoint is none.
    return argument instanceof OptionSpec option
        ? option.longestName().equals("--entrypoint")
        : argument.paramLabel().contains("COMMAND");
  }
}
