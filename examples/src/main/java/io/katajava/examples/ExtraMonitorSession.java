package io.katajava.examples;

import io.katajava.Kata;
import io.katajava.Sandbox;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.QemuConfig;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.command.HumanMonitorCommand;
import io.katajava.qmp.command.QueryStatus;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;

/** Opens the extra monitor of a sandbox and asks QEMU about the machine. For debugging only. */
public final class ExtraMonitorSession {
  private ExtraMonitorSession() {}

  /**
   * Asks a few questions, or with {@code wait} leaves the sandbox to whoever attaches.
   *
   * @param arguments {@code wait}, optional
   * @throws IOException if standard input cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    QemuConfig qemu =
        QemuConfig.builder().debug(debug -> debug.extraMonitor(ExtraMonitor.QMP_PRETTY)).build();
    try (Kata kata = Kata.builder().hypervisor(qemu).build();
        Sandbox sandbox = kata.sandbox().start()) {
      Path socket = kata.directories().state().resolve(sandbox.id()).resolve("extra-monitor.sock");
      System.out.println("trusted: " + sandbox.isTrusted());
      if (arguments.length > 0 && arguments[0].equals("wait")) {
        System.out.println("attach with: ./kata qmp " + socket + "; end of input ends the sandbox");
        System.in.transferTo(OutputStream.nullOutputStream());
        return;
      }
      try (QmpClient monitor = QmpClient.connect(socket)) {
        System.out.println("the machine is " + monitor.execute(new QueryStatus()).status());
        HumanMonitorCommand question = HumanMonitorCommand.builder("info chardev").build();
        System.out.print(monitor.execute(question));
      }
    }
  }
}
