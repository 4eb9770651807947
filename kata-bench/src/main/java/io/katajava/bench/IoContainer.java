package io.katajava.bench;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.katajava.agent.AgentClient;
import io.katajava.agent.ContainerRequest;
import io.katajava.agent.ExecRequest;
import io.katajava.agent.oci.OciCapabilities;
import io.katajava.agent.oci.OciDevice;
import io.katajava.agent.oci.OciHooks;
import io.katajava.agent.oci.OciLinux;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciProcess;
import io.katajava.agent.oci.OciRoot;
import io.katajava.agent.oci.OciSpec;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/** The container whose streams are measured. */
final class IoContainer {
  private static final int READ = 1 << 20;

  private final AgentClient client;
  private final String id;
  private int number;

  private IoContainer(AgentClient client, String id) {
    this.client = client;
    this.id = id;
  }

  static IoContainer start(AgentClient client, String id, String rootfs, List<OciDevice> devices) {
    OciLinux linux =
        OciLinux.of(
            List.of(
                OciNamespace.create(OciNamespace.Type.PID),
                OciNamespace.create(OciNamespace.Type.MOUNT)));
    linux =
        new OciLinux(
            linux.namespaces(),
            linux.resources(),
            linux.cgroupsPath(),
            devices,
            linux.sysctl(),
            linux.maskedPaths(),
            linux.readonlyPaths(),
            linux.rootfsPropagation(),
            linux.seccomp());
    OciSpec spec =
        new OciSpec(
            process("sleep", "100000"),
            new OciRoot(rootfs, true),
            "bench",
            List.of(
                OciMount.of("/proc", "proc", "proc"),
                OciMount.of("/sys", "sysfs", "sysfs", "ro"),
                OciMount.of("/dev", "tmpfs", "tmpfs", "mode=755"),
                OciMount.of("/tmp", "tmpfs", "tmpfs", "size=128m")),
            OciHooks.NONE,
            Map.of(),
            linux);
    client.createContainer(ContainerRequest.builder(id, spec).build());
    client.startContainer(id);
    return new IoContainer(client, id);
  }

  private static OciProcess process(String... command) {
    return OciProcess.builder(List.of(command))
        .env("PATH", "/bin:/usr/bin:/sbin:/usr/sbin")
        .capabilities(OciCapabilities.NONE)
        .build();
  }

  /** Starts a script; its exec id. */
  String exec(String script) {
    String execId = "exec-" + number++;
    client.execProcess(new ExecRequest(id, execId, process("sh", "-c", script)));
    return execId;
  }

  /** Moves all output to the stream; the number of bytes. */
  long output(String execId, OutputStream target) throws IOException {
    return client.transferStdout(id, execId, target);
  }

  void end(String execId) throws IOException {
    int code = client.waitProcess(id, execId).join();
    if (code != 0) {
      byte[] error = client.readStderr(id, execId, READ).join();
      throw new IOException("a command ended with " + code + ": " + new String(error, US_ASCII));
    }
  }

  String text(String script) throws IOException {
    ByteArrayOutputStream text = new ByteArrayOutputStream();
    String execId = exec(script);
    output(execId, text);
    end(execId);
    return text.toString(US_ASCII);
  }

  void input(String execId, java.nio.ByteBuffer data) {
    client.writeStdin(id, execId, data).join();
  }
}
