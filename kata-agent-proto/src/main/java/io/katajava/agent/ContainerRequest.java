package io.katajava.agent;

import io.katajava.agent.oci.OciSpec;
import java.util.List;

/**
 * A container to be created. Maps to {@code CreateContainerRequest}.
 *
 * @param containerId two characters or more: alphanumeric first, then alphanumerics and {@code . -
 *     _}
 * @param spec what runs and how
 * @param devices devices of the guest it sees
 * @param storages mounted before it is built
 * @param sharedPidNamespace whether it joins the pid namespace of the first container
 * @param sharedMounts directories of other containers it sees
 * @param ports raw streams of its first process
 */
public record ContainerRequest(
    String containerId,
    OciSpec spec,
    List<AgentDevice> devices,
    List<AgentStorage> storages,
    boolean sharedPidNamespace,
    List<SharedMount> sharedMounts,
    StreamPorts ports) {

  /**
   * A directory of one container that another one sees.
   *
   * @param name identifies it
   * @param sourceContainer whose directory it is
   * @param sourcePath where it is there
   * @param targetContainer who sees it
   * @param targetPath where
   */
  public record SharedMount(
      String name,
      String sourceContainer,
      String sourcePath,
      String targetContainer,
      String targetPath) {}

  /** Copies the lists. */
  public ContainerRequest {
    devices = List.copyOf(devices);
    storages = List.copyOf(storages);
    sharedMounts = List.copyOf(sharedMounts);
  }

  /**
   * Begins a request.
   *
   * @param containerId the id
   * @param spec what runs and how
   * @return a builder; everything else is empty
   */
  public static Builder builder(String containerId, OciSpec spec) {
    return new Builder(containerId, spec);
  }

  /** Collects the request. */
  public static final class Builder {
    private final String containerId;
    private final OciSpec spec;
    private List<AgentDevice> devices = List.of();
    private List<AgentStorage> storages = List.of();
    private boolean sharedPidNamespace;
    private List<SharedMount> sharedMounts = List.of();
    private StreamPorts ports = StreamPorts.NONE;

    private Builder(String containerId, OciSpec spec) {
      this.containerId = containerId;
      this.spec = spec;
    }

    /**
     * Sets the devices.
     *
     * @param devices of the guest
     * @return this builder
     */
    public Builder devices(List<AgentDevice> devices) {
      this.devices = List.copyOf(devices);
      return this;
    }

    /**
     * Sets what is mounted before the container is built.
     *
     * @param storages in order
     * @return this builder
     */
    public Builder storages(List<AgentStorage> storages) {
      this.storages = List.copyOf(storages);
      return this;
    }

    /**
     * Joins the pid namespace of the first container.
     *
     * @param shared whether it does
     * @return this builder
     */
    public Builder sharedPidNamespace(boolean shared) {
      this.sharedPidNamespace = shared;
      return this;
    }

    /**
     * Sets the directories of other containers.
     *
     * @param mounts in order
     * @return this builder
     */
    public Builder sharedMounts(List<SharedMount> mounts) {
      this.sharedMounts = List.copyOf(mounts);
      return this;
    }

    /**
     * Sets raw streams.
     *
     * @param ports of the first process
     * @return this builder
     */
    public Builder ports(StreamPorts ports) {
      this.ports = ports;
      return this;
    }

    /**
     * Makes the request.
     *
     * @return immutable
     */
    public ContainerRequest build() {
      return new ContainerRequest(
          containerId, spec, devices, storages, sharedPidNamespace, sharedMounts, ports);
    }
  }
}
