package io.katajava.cli;

import io.katajava.base.text.PrintableText;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** A wrong command line: one line that says what is wrong, what may be meant and where help is. */
final class UsageProblem implements IParameterExceptionHandler {
  @Override
  public int handleParseException(ParameterException problem, String[] arguments) {
    CommandLine where = problem.getCommandLine();
    CommandSpec spec = where.getCommandSpec();
    PrintWriter err = where.getErr();
    if (isNothingAsked(problem, arguments, spec)) {
      where.usage(err, where.getColorScheme());
    } else {
      err.println(
          "kata: "
              + PrintableText.line(message(problem, spec))
              + "; '"
              + spec.qualifiedName(" ")
              + " --help' shows the usage");
    }
    err.flush();
    return spec.exitCodeOnInvalidInput();
  }

  /** Only the name of a command that has others below it: the list of those is the answer. */
  private static boolean isNothingAsked(
      ParameterException problem, String[] arguments, CommandSpec spec) {
    return !spec.subcommands().isEmpty()
        && !(problem instanceof UnmatchedArgumentException)
        && (arguments.length == 0 || arguments[arguments.length - 1].equals(spec.name()));
  }

  private static String message(ParameterException problem, CommandSpec spec) {
    if (!(problem instanceof UnmatchedArgumentException unmatched)
        || unmatched.getUnmatched().isEmpty()) {
      return String.valueOf(problem.getMessage());
    }
    String word = unmatched.getUnmatched().get(0);
    boolean option = unmatched.isUnknownOption() || word.startsWith("-");
    int equals = option ? word.indexOf('=') : -1;
    String name = equals < 0 ? word : word.substring(0, equals);
    boolean command = !option && !spec.subcommands().isEmpty();
    Optional<String> nearest =
        NearestName.of(name, option ? options(spec) : List.copyOf(commands(spec)));
    String what =
        option
            ? "there is no option '" + name + "'"
            : command
                ? "there is no command '" + name + "'"
                : "there is one argument too many, '" + name + "'";
    return what
        + (option || command ? nearest.map(other -> "; the nearest is " + other).orElse("") : "");
  }

  /** Of the whole program, as only the command that was named is described to the parser. */
  private static List<String> commands(CommandSpec spec) {
    return spec.parent() == null ? KataCommand.COMMANDS : List.copyOf(spec.subcommands().keySet());
  }

  private static List<String> options(CommandSpec spec) {
    List<String> names = new ArrayList<>();
    for (OptionSpec option : spec.options()) {
      names.addAll(List.of(option.names()));
    }
    return names;
  }
}
