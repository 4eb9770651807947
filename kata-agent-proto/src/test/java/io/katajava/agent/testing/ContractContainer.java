package io.katajava.agent.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.katajava.agent.AgentClient;
import io.katajava.agent.ContainerRequest;
import io.katajava.agent.ExecRequest;
import io.katajava.agent.oci.OciCapabilities;
import io.katajava.agent.oci.OciHooks;
import io.katajava.agent.oci.OciLinux;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciProcess;
import io.katajava.agent.oci.OciResources;
import io.katajava.agent.oci.OciRoot;
import io.katajava.agent.oci.OciSpec;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** A container of the contract tests; closing it removes it. */
public final class ContractContainer implements AutoCloseable {
  /** Nothing of a test takes as long, even in a guest without KVM on a busy machine. */
  static final long PATIENCE_SECONDS = 120;

  private static final String PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  private final Supplier<AgentClient> clients;
  private final String id;

  private ContractContainer(Supplier<AgentClient> clients, String id) {
    this.clients = clients;
    this.id = id;
  }

  static ContractContainer create(
      Supplier<AgentClient> clients, AgentContract.Target target, Plan plan) {
    List<OciMount> mounts = new ArrayList<>();
    mounts.add(OciMount.of("/proc", "proc", "proc", "nosuid", "noexec", "nodev"));
    mounts.add(OciMount.of("/dev", "tmpfs", "tmpfs", "nosuid", "mode=755", "size=65536k"));
    mounts.add(
        OciMount.of(
            "/dev/pts", "devpts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666"));
    mounts.addAll(plan.mounts);
    // No pid namespace, as in upstream's runtimes: its agent adds one, and fails to join two.
    OciLinux linux =
        OciLinux.of(
                List.of(
                    OciNamespace.create(OciNamespace.Type.MOUNT),
                    OciNamespace.create(OciNamespace.Type.IPC),
                    OciNamespace.create(OciNamespace.Type.UTS)))
            .withResources(plan.resources);
    OciSpec spec =
        new OciSpec(
            process(false, plan.command),
            new OciRoot(target.rootPath(), true),
            "contract",
            mounts,
            OciHooks.NONE,
            Map.of(),
            linux);
    clients.get().createContainer(ContainerRequest.builder(plan.id, spec).build());
    return new ContractContainer(clients, plan.id);
  }

  static OciProcess process(boolean terminal, List<String> command) {
    OciProcess.Builder process =
        OciProcess.builder(command)
            .env("PATH", PATH)
            .env("WHAT", "contract")
            .capabilities(OciCapabilities.NONE)
            .noNewPrivileges(true);
    return terminal ? process.env("TERM", "xterm").terminal(80, 24).build() : process.build();
  }

  ContractContainer start() {
    clients.get().startContainer(id);
    return this;
  }

  String id() {
    return id;
  }

  void exec(String execId, boolean terminal, String... command) {
    clients.get().execProcess(new ExecRequest(id, execId, process(terminal, List.of(command))));
  }

  void type(String execId, String text) throws Exception {
    await(clients.get().writeStdin(id, execId, ByteBuffer.wrap(text.getBytes(UTF_8))));
  }

  /** All of standard output. */
  byte[] output(String execId) throws Exception {
    return all(execId, false);
  }

  byte[] errors(String execId) throws Exception {
    return all(execId, true);
  }

  String text(String execId) throws Exception {
    return new String(output(execId), UTF_8);
  }

  private byte[] all(String execId, boolean error) throws Exception {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (true) {
      byte[] piece =
          await(
              error
                  ? clients.get().readStderr(id, execId, 1 << 20)
                  : clients.get().readStdout(id, execId, 1 << 20));
      if (piece.length == 0) {
        return all.toByteArray();
      }
      all.writeBytes(piece);
    }
  }

  /** Reads until the text was seen, for output that does not end. */
  String textUntil(String execId, String wanted) throws Exception {
    StringBuilder seen = new StringBuilder();
    while (seen.indexOf(wanted) < 0) {
      byte[] piece = await(clients.get().readStdout(id, execId, 1 << 20));
      if (piece.length == 0) {
        throw new AssertionError("the output ended without \"" + wanted + "\": " + seen);
      }
      seen.append(new String(piece, UTF_8));
    }
    return seen.toString();
  }

  int exitCode(String execId) throws Exception {
    return await(clients.get().waitProcess(id, execId));
  }

  static <T> T await(CompletableFuture<T> future)
      throws ExecutionException, InterruptedException, TimeoutException {
    return future.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    clients.get().signalProcess(id, "", 9);
    clients.get().removeContainer(id, Duration.ZERO);
  }

  /** What a container shall be. */
  static final class Plan {
    private final String id;
    private final List<String> command;
    private final List<OciMount> mounts = new ArrayList<>();
    private OciResources resources = OciResources.NONE;

    Plan(String id, String... command) {
      this.id = id;
      this.command = List.of(command);
    }

    Plan mount(OciMount mount) {
      mounts.add(mount);
      return this;
    }

    Plan resources(OciResources limits) {
      resources = limits;
      return this;
    }
  }
}
