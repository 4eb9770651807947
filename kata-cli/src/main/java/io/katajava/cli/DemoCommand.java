package io.katajava.cli;

import io.katajava.Choice;
import io.katajava.ExecResult;
import io.katajava.Kata;
import io.katajava.Sandbox;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * {@code kata demo}: the first sandbox, with what it looks like from inside and where time goes.
 */
@Command(
    name = "demo",
    description = "Boot a virtual machine, run commands in a container, show the phases.",
    footer = {"", "Examples:", "  kata demo"})
final class DemoCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @SuppressWarnings("NullAway.Init")
  DemoCommand() {}

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.println("starting a sandbox ...");
    out.flush();
    try (Kata kata = Kata.create();
        Sandbox sandbox = kata.sandbox().name("demo").image("busybox").start()) {
      show(out, sandbox, "the guest", "uname", "-a");
      show(out, sandbox, "pid 1 of the container", "cat", "/proc/1/comm");
      show(out, sandbox, "its host name", "hostname");
      show(out, sandbox, "its user", "id");
      show(out, sandbox, "its own mounts", "cat", "/proc/self/mounts");
      out.println("what was chosen:");
      for (Choice choice : sandbox.describe()) {
        out.println("  " + choice);
      }
      out.println();
      out.println("the phases of the start:");
      out.print(sandbox.timeline().toTable().indent(2));
      out.flush();
    }
    out.println("closed: nothing is left behind.");
    out.flush();
    return 0;
  }

  private static void show(PrintWriter out, Sandbox sandbox, String title, String... command) {
    ExecResult result = sandbox.exec(command).orThrow();
    out.println(title + " (" + String.join(" ", command) + "):");
    out.println(result.stdoutText().stripTrailing().indent(2));
    out.flush();
  }
}
