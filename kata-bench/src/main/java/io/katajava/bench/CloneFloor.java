package io.katajava.bench;

import io.katajava.TemplateInfo;
import io.katajava.agent.AgentAddress;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.base.files.TreeRemoval;
import io.katajava.qmp.QmpClient;
import java.io.IOException;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * The floor of a clone: a bare QEMU that loads the same state on the same memory, to the first
 * reply on the agent's port. Nobody waits for its monitor's replies, and nobody gives the guest an
 * identity.
 */
final class CloneFloor {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int DESCRIPTOR = 5;

  /** That the memory is a file already can be told in no other way. */
  private static final String LOAD =
      """
      {"execute":"qmp_capabilities"}
      {"execute":"migrate-set-capabilities","arguments":\
      {"capabilities":[{"capability":"x-ignore-shared","state":true}]}}
      {"execute":"migrate-incoming","arguments":{"uri":"%s"}}
      """;

  private final Path state;
  private final String load;
  private final List<String> command;
  private final String sandboxDirectory;

  CloneFloor(TemplateInfo template, List<String> cloneCommand) throws IOException {
    state = template.directory().resolve("state");
    command = new ArrayList<>();
    int binary = 0;
    while (!cloneCommand.get(binary).matches(".*/?qemu-[^/]*$")) {
      binary++;
    }
    String directory = "";
    for (int i = binary; i < cloneCommand.size(); i++) {
      String argument = cloneCommand.get(i);
      if (argument.equals("-qmp") || argument.equals("-incoming")) {
        i++;
        continue;
      }
      if (argument.startsWith("socket,id=agent,path=")) {
        String path = argument.replaceFirst("^socket,id=agent,path=([^,]*),.*$", "$1");
        directory = String.valueOf(Path.of(path).getParent());
      }
      command.add(
          argument.startsWith("stdio,id=console,")
              ? "null,id=console"
              // What the clone was given as a descriptor.
              : argument.replaceFirst(
                  "mem-path=/proc/self/fd/\\d+",
                  "mem-path=" + template.directory().resolve("memory")));
    }
    sandboxDirectory = directory;
    command.addAll(List.of("-qmp", "stdio", "-incoming", "defer"));
    if (migratesToFiles(Path.of(command.get(0)))) {
      command.addAll(List.of("-add-fd", "fd=" + DESCRIPTOR + ",set=1"));
      load = String.format(Locale.ROOT, LOAD, "file:/dev/fdset/1");
    } else {
      load = String.format(Locale.ROOT, LOAD, "fd:" + DESCRIPTOR);
    }
  }

  /** As the machine itself decides it: what takes a file no longer takes it for a stream. */
  private static boolean migratesToFiles(Path binary) throws IOException {
    try (BenchQemu qemu = new BenchQemu(binary, 1);
        QmpClient qmp = QmpClient.connect(qemu.socket(0))) {
      return qmp.schema().hasArgumentValue("migrate", "channels.addr.transport", "file");
    }
  }

  /** From the start of the process to the reply. */
  Duration run() throws IOException, InterruptedException {
    Path directory = Files.createTempDirectory("kata-bench-");
    try (ServerSocketChannel ready = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      ready.bind(UnixDomainSocketAddress.of(directory.resolve("ready.sock")));
      long begin = System.nanoTime();
      Process qemu = spawn(directory);
      try (OutputStream monitor = qemu.getOutputStream()) {
        monitor.write(load.getBytes(StandardCharsets.US_ASCII));
        monitor.flush();
        // QEMU connects once its sockets are there.
        ready.accept().close();
        try (AgentClient agent =
            AgentClient.connect(
                new AgentAddress.SerialPort(directory.resolve("agent.sock")),
                AgentClientOptions.builder().connectTimeout(LIMIT).build())) {
          agent.check();
          return Duration.ofNanos(System.nanoTime() - begin);
        }
      } finally {
        qemu.destroyForcibly();
        qemu.waitFor();
      }
    } finally {
      TreeRemoval.of(directory);
    }
  }

  private Process spawn(Path directory) throws IOException {
    List<String> whole = new ArrayList<>();
    // Java opens no descriptors for children.
    whole.addAll(List.of("sh", "-c", "exec " + DESCRIPTOR + "<\"$0\"; exec \"$@\""));
    whole.add(state.toString());
    command.forEach(
        argument -> whole.add(argument.replace(sandboxDirectory + "/", directory + "/")));
    return new ProcessBuilder(whole)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .start();
  }
}
