package io.katajava.internal.link;

import io.katajava.Choice;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.StartPhase;
import io.katajava.agent.AgentAddress;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.AgentException;
import io.katajava.agent.AgentVersion;
import io.katajava.agent.HealthStatus;
import io.katajava.agent.SandboxRequest;
import io.katajava.internal.observe.SandboxWatch;
import io.katajava.internal.run.StartRun;
import io.katajava.spi.PluggedHardware;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmExit;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** The connection to a sandbox's agent, and what is known of that agent. */
public final class AgentLink implements AutoCloseable {
  /** After the agent's connection broke, QEMU's own end follows within this time if it comes. */
  private static final Duration EXIT_GRACE = Duration.ofSeconds(2);

  /** How long a guest may take to say that it is there. */
  private static final Duration PROBE = Duration.ofSeconds(10);

  private static final Duration SHORTEST = Duration.ofMillis(1);

  /** Bytes of the host's entropy for a guest that begins anew. */
  private static final int ENTROPY = 64;

  private static final int IDENTITY = 32;

  private static final SecureRandom RANDOM = new SecureRandom();

  private final VirtualMachine vm;
  private final AgentAddress address;
  private final AgentClient client;
  private final AgentVersion version;
  private final Set<AgentCapability> capabilities;

  private final Duration callTimeout;
  private volatile boolean asleep;

  /** While the sandbox starts, by when it must have. */
  private volatile @Nullable Deadline startBy;

  private AgentLink(
      VirtualMachine vm,
      AgentAddress address,
      AgentClient client,
      AgentVersion version,
      Duration callTimeout,
      @Nullable Deadline startBy) {
    this.vm = vm;
    this.address = address;
    this.client = client;
    this.version = version;
    this.capabilities = AgentCapability.of(version);
    this.callTimeout = callTimeout;
    this.startBy = startBy;
  }

  private static AgentClient connect(
      VirtualMachine vm, StartRun run, AgentClientOptions.Builder options) {
    return AgentClient.connect(
        vm.agent(),
        options
            .name(run.sandboxId())
            .observer(run.watch())
            .connectTimeout(atLeast(run.deadline().remaining()))
            .callDeadline(run.callTimeout())
            .build());
  }

  /** A deadline is positive, even one that has passed. */
  private static Duration atLeast(Duration left) {
    return left.compareTo(SHORTEST) < 0 ? SHORTEST : left;
  }

  /**
   * The client with the shorter of its own deadline and what is left.
   *
   * @param asked the client, or a view of it
   * @param deadline by when whoever asks wants the answer
   */
  public AgentClient within(AgentClient asked, Optional<Deadline> deadline) {
    return deadline
        .map(limit -> asked.withDeadline(atLeast(limit.remainingAtMost(callTimeout))))
        .orElse(asked);
  }

  /** The longest wait for one answer. */
  public Duration callTimeout() {
    return callTimeout;
  }

  /** The start is over: calls have their own time. */
  public void started() {
    startBy = null;
  }

  /** Whether the agent answers, within a time that is enough for a guest that has much to do. */
  public boolean answers() {
    if (asleep || !isOpen()) {
      return false;
    }
    try {
      client.withDeadline(PROBE.compareTo(callTimeout) < 0 ? PROBE : callTimeout).check();
      return true;
    } catch (AgentException e) {
      return false;
    }
  }

  /** Waits for the booting agent to answer. */
  public static AgentLink establish(VirtualMachine vm, StartRun run) throws InterruptedException {
    run.enter(StartPhase.BOOT);
    AgentClient client;
    try {
      client = connect(vm, run, AgentClientOptions.builder());
    } catch (AgentException e) {
      throw failure(vm, run, e);
    }
    boolean established = false;
    try {
      run.enter(StartPhase.AGENT);
      HealthStatus health = client.withDeadline(atLeast(run.deadline().remaining())).check();
      if (health != HealthStatus.SERVING) {
        throw run.failure(
            ErrorCode.AGENT_REFUSED,
            "the guest agent reports the status " + health,
            "Look at the guest's console",
            vm.evidence(),
            null);
      }
      AgentVersion version =
          client.withDeadline(atLeast(run.deadline().remainingAtMost(run.callTimeout()))).version();
      AgentLink link =
          new AgentLink(vm, vm.agent(), client, version, run.callTimeout(), run.deadline());
      established = true;
      return link;
    } catch (AgentException e) {
      throw failure(vm, run, e);
    } finally {
      if (!established) {
        client.close();
      }
    }
  }

  /**
   * Comes back to the agent of a sandbox that runs.
   *
   * @param identity what it was given at the start
   */
  public static AgentLink resume(
      VirtualMachine vm,
      String sandboxId,
      String identity,
      Deadline deadline,
      SandboxWatch watch,
      Duration callTimeout) {
    AgentClient client = null;
    try {
      client =
          AgentClient.connect(
              vm.agent(),
              AgentClientOptions.builder()
                  .name(sandboxId)
                  .observer(watch)
                  .booting(false)
                  .connectTimeout(atLeast(deadline.remaining()))
                  .callDeadline(callTimeout)
                  .build());
      boolean same =
          client
              .withDeadline(atLeast(deadline.remainingAtMost(callTimeout)))
              .sandboxIdentity()
              .filter(
                  told ->
                      MessageDigest.isEqual(
                          told.getBytes(StandardCharsets.UTF_8),
                          identity.getBytes(StandardCharsets.UTF_8)))
              .isPresent();
      if (!same) {
        client.close();
        throw new KataException(
            ErrorCode.AGENT_REFUSED,
            "the program that answers at "
                + vm.agent()
                + " is not the agent of sandbox "
                + sandboxId,
            Details.none()
                .withSandbox(sandboxId)
                .withRemedy("If the sandbox is not needed, end it: kata stop " + sandboxId));
      }
      AgentVersion version =
          client.withDeadline(atLeast(deadline.remainingAtMost(callTimeout))).version();
      return new AgentLink(vm, vm.agent(), client, version, callTimeout, null);
    } catch (AgentException e) {
      if (client != null) {
        client.close();
      }
      throw new KataException(
          ErrorCode.AGENT_LOST,
          "the agent of sandbox " + sandboxId + " does not answer: " + e.getMessage(),
          Details.none().withSandbox(sandboxId).withCause(e));
    }
  }

  /** Takes over the agent of a machine that was made of an image: which one it is, is known. */
  public static AgentLink resume(VirtualMachine vm, StartRun run, String agentVersion)
      throws InterruptedException {
    run.enter(StartPhase.BOOT);
    try {
      AgentClient client = connect(vm, run, AgentClientOptions.builder());
      return new AgentLink(
          vm,
          vm.agent(),
          client,
          new AgentVersion(agentVersion, ""),
          run.callTimeout(),
          run.deadline());
    } catch (AgentException e) {
      throw failure(vm, run, e);
    } finally {
      run.enter(StartPhase.AGENT);
    }
  }

  /** Makes a copied guest another one: entropy, clock, names, addresses, its own files. */
  public void renew(
      String sandboxId, String hostname, boolean linkAddresses, Map<String, byte[]> files) {
    byte[] entropy = new byte[ENTROPY];
    RANDOM.nextBytes(entropy);
    byte[] identity = new byte[IDENTITY];
    RANDOM.nextBytes(identity);
    timed().machine().renew(entropy, identity, sandboxId, hostname, linkAddresses, files);
  }

  /** Waits until the guest has what was plugged in, and uses it. */
  public void awaitHardware(PluggedHardware plugged) {
    timed()
        .machine()
        .awaitHardware(plugged.vcpus(), plugged.memory().toMebibytes(), plugged.interfaces());
  }

  /** After the guest stood still. */
  public void setClock() {
    timed().machine().setClock(Instant.now());
  }

  public String agentVersion() {
    return version.agentVersion();
  }

  private static RuntimeException failure(VirtualMachine vm, StartRun run, AgentException cause)
      throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException("while waiting for the guest agent");
    }
    VmExit exit = exitOf(vm, run.deadline().isExpired() ? Duration.ZERO : EXIT_GRACE);
    VmEvidence evidence = vm.evidence();
    if (evidence.consoleTail().contains("Kernel panic")) {
      return run.failure(
          ErrorCode.GUEST_PANIC,
          "the guest's kernel panicked" + panicLine(evidence.consoleTail()),
          evidence.consoleTail().contains("emory")
              ? "Give the guest more memory"
              : "Look at the console; if the initrd is damaged, remove the guest cache",
          evidence,
          cause);
    }
    if (exit != null) {
      return run.failure(
          ErrorCode.VM_EXITED,
          "the hypervisor ended during the start with status "
              + exit.status()
              + ", "
              + exit.reason(),
          "Look at its messages and the guest's console; a guest that ends without a message may"
              + " have too little memory",
          evidence,
          cause);
    }
    if (run.deadline().isExpired()) {
      return run.failure(
          ErrorCode.AGENT_TIMEOUT,
          "the guest agent did not answer within " + run.deadline().allowed().toSeconds() + " s",
          "Raise startTimeout(...) if the host is slow, give the guest more memory, or look at the"
              + " console",
          evidence,
          cause);
    }
    return run.failure(
        ErrorCode.AGENT_LOST,
        "the connection to the guest agent broke: " + cause.getMessage(),
        "Look at the guest's console",
        evidence,
        cause);
  }

  private static @Nullable VmExit exitOf(VirtualMachine vm, Duration grace)
      throws InterruptedException {
    try {
      return vm.onExit().get(grace.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return null;
    } catch (ExecutionException e) {
      throw new AssertionError("exits are values", e);
    }
  }

  private static String panicLine(String console) {
    return console
        .lines()
        .filter(line -> line.contains("Kernel panic"))
        .findFirst()
        .map(line -> ": " + line.substring(line.indexOf("Kernel panic")))
        .orElse("");
  }

  /**
   * The agent, to be asked something.
   *
   * @throws KataException while the sandbox is paused, because it would not answer
   */
  public AgentClient client() {
    requireAwake("ask the guest's agent");
    return timed();
  }

  /** The agent, even of a paused sandbox; what a start asks of it ends with the start. */
  public AgentClient timed() {
    return within(client, Optional.ofNullable(startBy));
  }

  /** The agent, for what waits without limit for the guest. */
  public AgentClient patientClient() {
    return client;
  }

  public void asleep(boolean now) {
    asleep = now;
  }

  public void requireAwake(String attempt) {
    if (asleep) {
      throw new KataException(
          ErrorCode.INVALID_STATE,
          "cannot " + attempt + ": the sandbox is paused",
          KataException.Details.none().withRemedy("Call resume() first"));
    }
  }

  /** Whether the agent can do something that the protocol does not ask of it. */
  public boolean can(AgentCapability capability) {
    return capabilities.contains(capability);
  }

  public boolean isOpen() {
    return !client.onClose().isDone() && !vm.onExit().isDone();
  }

  /** Completes when the connection is lost. */
  public CompletableFuture<?> onLost() {
    return client.onClose();
  }

  /** Why the guest is gone, as far as that is known. */
  String lossReason() {
    VmExit exit = vm.onExit().getNow(null);
    if (exit != null) {
      return "the hypervisor ended with status " + exit.status() + ", " + exit.reason();
    }
    AgentException reason = client.onClose().getNow(null);
    return reason == null ? "the machine ended" : String.valueOf(reason.getMessage());
  }

  /** The identity is empty for a sandbox that nobody will come back to. */
  public void createSandbox(String sandboxId, String hostname, List<String> dns, String identity) {
    timed()
        .createSandbox(
            SandboxRequest.builder(sandboxId)
                .hostname(hostname)
                .dns(dns)
                .identity(identity)
                .build());
  }

  /**
   * As {@link #destroySandbox(Duration)}, with time for a guest that has something to write; one
   * that answers nothing is not waited for.
   */
  public void flushAndDestroySandbox(Duration grace) {
    if (answers()) {
      destroySandbox(grace);
    }
  }

  /**
   * Asks the agent to end everything and power off; an agent that does not answer is no error.
   *
   * @param grace for the answer and the end together
   */
  public void destroySandbox(Duration grace) {
    Deadline deadline = Deadline.after(grace);
    try {
      client.withDeadline(grace).destroySandbox();
    } catch (AgentException e) {
      // The connection may break around the reply, because the guest powers off.
      return;
    }
    try {
      exitOf(vm, deadline.remaining());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  public Choice describe() {
    return new Choice(
        "agent",
        version.agentVersion(),
        "reached at " + address + ", the transport this machine offers");
  }

  @Override
  public void close() {
    client.close();
  }
}
