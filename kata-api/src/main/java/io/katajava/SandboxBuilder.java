package io.katajava;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Describes a sandbox and starts it. Not safe for several threads. */
public final class SandboxBuilder {
  private final Kata kata;
  private @Nullable String name;
  private OptionalInt vcpus = OptionalInt.empty();
  private @Nullable MemorySize memory;
  private @Nullable String image;
  private @Nullable String hostname;
  private Duration startTimeout = SandboxSpec.DEFAULT_START_TIMEOUT;
  private final Map<String, String> annotations = new LinkedHashMap<>();
  private BirthPolicy birth = BirthPolicy.TEMPLATE_IF_PRESENT;

  SandboxBuilder(Kata kata) {
    this.kata = kata;
  }

  /**
   * Sets a name for people; it is also the host name unless that is set.
   *
   * @param name letters, digits, {@code . _ -}
   * @return this
   */
  public SandboxBuilder name(String name) {
    this.name = Checks.name("sandbox name", name);
    return this;
  }

  /**
   * Sets the number of vCPUs. Default: the hypervisor configuration's.
   *
   * @param vcpus at least 1
   * @return this
   */
  public SandboxBuilder vcpus(int vcpus) {
    if (vcpus < 1) {
      throw new IllegalArgumentException("a sandbox has at least 1 vCPU, asked for " + vcpus);
    }
    this.vcpus = OptionalInt.of(vcpus);
    return this;
  }

  /**
   * Sets the guest's memory. Default: the hypervisor configuration's.
   *
   * @param memory a whole number of MiB
   * @return this
   */
  public SandboxBuilder memory(MemorySize memory) {
    if (memory.bytes() == 0 || !memory.isMultipleOf(MemorySize.mebibytes(1))) {
      throw new IllegalArgumentException(
          "guest memory is a positive whole number of MiB, asked for " + memory);
    }
    this.memory = memory;
    return this;
  }

  /**
   * Sets the root filesystem of the default container, which is then made at the start.
   *
   * @param image the reference; {@code busybox} is built in
   * @return this
   */
  public SandboxBuilder image(String image) {
    this.image = image;
    return this;
  }

  /**
   * Sets the containers' host name. Default: the sandbox's name or id.
   *
   * @param hostname 1 to 63 letters, digits, {@code . -}
   * @return this
   */
  public SandboxBuilder hostname(String hostname) {
    this.hostname = Checks.name("host name", hostname);
    return this;
  }

  /**
   * Sets how long the whole start may take. Default: {@link SandboxSpec#DEFAULT_START_TIMEOUT}.
   *
   * @param timeout positive
   * @return this
   */
  public SandboxBuilder startTimeout(Duration timeout) {
    this.startTimeout = Checks.positive("start timeout", timeout);
    return this;
  }

  /**
   * Notes something about the sandbox, for whoever finds it in {@link Kata#sandboxes()}. Nothing in
   * this library acts on it, and the guest does not see it. Default: no notes.
   *
   * @param key not empty; a later value replaces an earlier one
   * @param value any text
   * @return this
   */
  public SandboxBuilder annotation(String key, String value) {
    if (key.isEmpty()) {
      throw new IllegalArgumentException("an annotation has a key, got none for '" + value + "'");
    }
    annotations.put(key, value);
    return this;
  }

  /**
   * Sets whether the sandbox may be made of a template instead of being booted, and who builds
   * that. Default: {@link BirthPolicy#TEMPLATE_IF_PRESENT}. {@link Sandbox#birth()} says how it
   * came.
   *
   * @param policy the policy
   * @return this
   */
  public SandboxBuilder birth(BirthPolicy policy) {
    this.birth = policy;
    return this;
  }

  /**
   * What was described.
   *
   * @return an immutable description
   */
  public SandboxSpec spec() {
    return new SandboxSpec(
        Optional.ofNullable(name),
        vcpus,
        Optional.ofNullable(memory),
        Optional.ofNullable(image),
        hostname != null ? hostname : name != null ? name : "",
        startTimeout,
        annotations,
        birth);
  }

  /**
   * Starts the sandbox.
   *
   * @return the running sandbox, to be closed
   * @throws SandboxStartException when it cannot be started; nothing of it is left
   * @throws KataException with {@link ErrorCode#CLOSED} when the runtime is closed
   */
  public Sandbox start() {
    return kata.start(spec());
  }

  /**
   * Starts the sandbox without waiting.
   *
   * @return the sandbox to come; cancelling it does not stop a start under way, but a sandbox
   *     nobody took is closed with its {@link Kata}
   */
  public CompletableFuture<Sandbox> startAsync() {
    return kata.startAsync(spec());
  }
}
