package io.katajava.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The floor of a cold start: the QEMU of a sandbox with its kernel, kernel parameters, machine,
 * accelerator, CPU and sizes, without any device but the serial console.
 */
final class FloorMachine {
  private static final List<String> TAKEN_OVER =
      List.of("-machine", "-accel", "-cpu", "-m", "-smp", "-kernel", "-append", "-bios", "-object");

  private final List<String> command;

  FloorMachine(List<String> sandboxCommand, Path initrd) {
    command = new ArrayList<>();
    command.add(
        sandboxCommand.stream()
            .filter(argument -> argument.matches(".*/?qemu-[^/]*$"))
            .findFirst()
            .orElseThrow(() -> new IllegalStateException("no QEMU in " + sandboxCommand)));
    command.addAll(List.of("-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"));
    for (int i = 0; i + 1 < sandboxCommand.size(); i++) {
      if (TAKEN_OVER.contains(sandboxCommand.get(i))) {
        command.add(sandboxCommand.get(i));
        command.add(sandboxCommand.get(i + 1));
      }
    }
    command.addAll(List.of("-initrd", initrd.toString()));
    command.addAll(
        List.of("-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console"));
  }

  /** From the start of the process to the line on the console. */
  Duration run() throws IOException, InterruptedException {
    return run(qemu -> {});
  }

  /** What is done with the machine once its line is there; it is killed afterwards. */
  interface Visitor {
    void visit(Process qemu) throws IOException, InterruptedException;
  }

  Duration run(Visitor visitor) throws IOException, InterruptedException {
    long begin = System.nanoTime();
    Process qemu =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try (BufferedReader console =
        new BufferedReader(
            new InputStreamReader(qemu.getInputStream(), StandardCharsets.ISO_8859_1))) {
      StringBuilder seen = new StringBuilder();
      for (String line = console.readLine(); line != null; line = console.readLine()) {
        if (line.contains(FloorInitrd.LINE)) {
          Duration taken = Duration.ofNanos(System.nanoTime() - begin);
          visitor.visit(qemu);
          return taken;
        }
        seen.append(line).append('\n');
      }
      throw new IOException("the floor's machine ended without its line; its console:\n" + seen);
    } finally {
      qemu.destroyForcibly();
      qemu.waitFor();
    }
  }
}
