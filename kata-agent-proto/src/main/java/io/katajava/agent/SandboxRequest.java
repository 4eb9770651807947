package io.katajava.agent;

import java.util.List;

/**
 * A sandbox to be created. Maps to {@code CreateSandboxRequest}.
 *
 * @param sandboxId its id
 * @param hostname host name of its containers
 * @param dns lines of its resolv.conf; empty to keep the guest's
 * @param storages mounted for all containers
 * @param sharedPidNamespace ignored by upstream's agent here; see {@link ContainerRequest}
 * @param guestHookPath directory in the guest with OCI hooks, empty for none
 * @param kernelModules loaded with modprobe; a failure is an error
 * @param identity what {@link AgentClient#sandboxIdentity()} gives back later, to whoever has to
 *     know that this is still the same sandbox; empty for none. Only our agent keeps it
 */
public record SandboxRequest(
    String sandboxId,
    String hostname,
    List<String> dns,
    List<AgentStorage> storages,
    boolean sharedPidNamespace,
    String guestHookPath,
    List<KernelModule> kernelModules,
    String identity) {

  /**
   * A kernel module of the guest.
   *
   * @param name without suffix
   * @param parameters such as {@code debug=1}
   */
  public record KernelModule(String name, List<String> parameters) {
    /** Copies the parameters. */
    public KernelModule {
      parameters = List.copyOf(parameters);
    }
  }

  /** The identity proves something: it is not shown. */
  @Override
  public String toString() {
    return "SandboxRequest[" + sandboxId + "]";
  }

  /** Copies the lists. */
  public SandboxRequest {
    dns = List.copyOf(dns);
    storages = List.copyOf(storages);
    kernelModules = List.copyOf(kernelModules);
  }

  /**
   * Begins a request.
   *
   * @param sandboxId the id
   * @return a builder; the host name is empty, lists too
   */
  public static Builder builder(String sandboxId) {
    return new Builder(sandboxId);
  }

  /** Collects the request. */
  public static final class Builder {
    private final String sandboxId;
    private String hostname = "";
    private List<String> dns = List.of();
    private List<AgentStorage> storages = List.of();
    private boolean sharedPidNamespace;
    private String guestHookPath = "";
    private List<KernelModule> kernelModules = List.of();
    private String identity = "";

    private Builder(String sandboxId) {
      this.sandboxId = sandboxId;
    }

    /**
     * Sets the host name of the containers.
     *
     * @param hostname the name
     * @return this builder
     */
    public Builder hostname(String hostname) {
      this.hostname = hostname;
      return this;
    }

    /**
     * Replaces resolv.conf.
     *
     * @param lines such as {@code nameserver 10.0.2.3}
     * @return this builder
     */
    public Builder dns(List<String> lines) {
      this.dns = List.copyOf(lines);
      return this;
    }

    /**
     * Sets what is mounted for all containers.
     *
     * @param storages in order
     * @return this builder
     */
    public Builder storages(List<AgentStorage> storages) {
      this.storages = List.copyOf(storages);
      return this;
    }

    /**
     * Says that containers share a pid namespace.
     *
     * @param shared whether they do
     * @return this builder
     */
    public Builder sharedPidNamespace(boolean shared) {
      this.sharedPidNamespace = shared;
      return this;
    }

    /**
     * Sets where the guest's own hooks are.
     *
     * @param path directory in the guest
     * @return this builder
     */
    public Builder guestHookPath(String path) {
      this.guestHookPath = path;
      return this;
    }

    /**
     * Sets the kernel modules to load.
     *
     * @param modules in order
     * @return this builder
     */
    public Builder kernelModules(List<KernelModule> modules) {
      this.kernelModules = List.copyOf(modules);
      return this;
    }

    /**
     * Sets what the sandbox is known by to who comes back to it. Default: nothing.
     *
     * @param identity a text nobody can guess
     * @return this builder
     */
    public Builder identity(String identity) {
      this.identity = identity;
      return this;
    }

    /**
     * Makes the request.
     *
     * @return immutable
     */
    public SandboxRequest build() {
      return new SandboxRequest(
          sandboxId,
          hostname,
          dns,
          storages,
          sharedPidNamespace,
          guestHookPath,
          kernelModules,
          identity);
    }
  }
}
