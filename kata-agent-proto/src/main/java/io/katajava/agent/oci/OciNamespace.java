package io.katajava.agent.oci;

/**
 * A namespace of the container: new, or joined by path. Maps to the protocol's {@code
 * LinuxNamespace}.
 *
 * @param type which kind
 * @param path the namespace to join, empty for a new one
 */
public record OciNamespace(Type type, String path) {

  /** The kinds of namespaces the agent knows. */
  public enum Type {
    /** Process ids. */
    PID("pid"),
    /** Network interfaces, routes, ports. */
    NETWORK("network"),
    /** Mounts. */
    MOUNT("mount"),
    /** System V IPC and POSIX queues. */
    IPC("ipc"),
    /** Host name. */
    UTS("uts"),
    /** User and group ids. */
    USER("user"),
    /** The root of the cgroup hierarchy. */
    CGROUP("cgroup");

    private final String wireName;

    Type(String wireName) {
      this.wireName = wireName;
    }

    /**
     * The name in the specification.
     *
     * @return lower-case name
     */
    public String wireName() {
      return wireName;
    }
  }

  /**
   * A new namespace.
   *
   * @param type which kind
   * @return the namespace
   */
  public static OciNamespace create(Type type) {
    return new OciNamespace(type, "");
  }
}
