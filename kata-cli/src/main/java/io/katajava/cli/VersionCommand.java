package io.katajava.cli;

import io.katajava.agent.oci.OciSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.util.Properties;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code kata version}. */
@Command(
    name = "version",
    description = "Print the version.",
    footer = {
      "",
      "With --verbose also Java's, and that of the OCI runtime specification.",
      "",
      "Examples:",
      "  kata version",
      "  kata version --verbose"
    })
final class VersionCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @SuppressWarnings("NullAway.Init")
  VersionCommand() {}

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    out.println("kata-java " + version());
    if (KataCommand.isVerbose(spec)) {
      out.println("OCI runtime specification " + OciSpec.VERSION);
      out.println("Java " + Runtime.version() + ", " + System.getProperty("java.vm.name"));
    }
    out.flush();
    return ExitCodes.DONE;
  }

  static String version() throws IOException {
    Properties properties = new Properties();
    try (InputStream in = VersionCommand.class.getResourceAsStream("version.properties")) {
      if (in != null) {
        properties.load(in);
      }
    }
    return properties.getProperty("version", "unknown");
  }
}
