package io.katajava.cli;

import io.katajava.base.text.PrintableText;
import io.katajava.config.ConfigurationException;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.KataConfiguration;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** A command on a configuration: problems go to stderr a line each, and errors give exit code 2. */
abstract class ConfigurationTask implements Callable<Integer> {
  /** A configuration with errors, like picocli's own for a wrong command line. */
  static final int BROKEN = 2;

  @Spec CommandSpec spec;
  @Mixin ConfigurationOptions options = new ConfigurationOptions();

  @SuppressWarnings("NullAway.Init")
  ConfigurationTask() {}

  @Override
  public final Integer call() throws IOException {
    int code;
    try {
      code = run(options.read());
    } catch (ConfigurationException e) {
      broken(e);
      code = BROKEN;
    }
    out().flush();
    return code;
  }

  abstract int run(KataConfiguration configuration) throws IOException;

  void broken(ConfigurationException failure) {
    failure.problems().forEach(this::tell);
    err().flush();
  }

  void tell(ConfigurationProblem problem) {
    tell(err(), problem);
  }

  static void tell(PrintWriter err, ConfigurationProblem problem) {
    err.println(
        (problem.isError() ? "error: " : "warning: ") + PrintableText.lines(problem.toString()));
    err.flush();
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }
}
