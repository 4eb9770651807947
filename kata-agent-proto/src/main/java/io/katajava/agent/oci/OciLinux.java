package io.katajava.agent.oci;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is particular to Linux in a container. Maps to the protocol's {@code Linux}.
 *
 * @param namespaces new and joined namespaces; {@code mount} is among them
 * @param resources limits of the cgroup
 * @param cgroupsPath the cgroup, below the agent's root; empty for one named after the container
 * @param devices nodes besides the usual ones
 * @param sysctl kernel settings of the container's namespaces
 * @param maskedPaths paths that cannot be looked into
 * @param readonlyPaths paths that cannot be written
 * @param rootfsPropagation mount propagation of the root, for example {@code rslave}; may be empty
 * @param seccomp filter of system calls
 * @param uidMappings users of a new user namespace; only with one
 * @param gidMappings groups of a new user namespace; only with one
 */
public record OciLinux(
    List<OciNamespace> namespaces,
    OciResources resources,
    String cgroupsPath,
    List<OciDevice> devices,
    Map<String, String> sysctl,
    List<String> maskedPaths,
    List<String> readonlyPaths,
    String rootfsPropagation,
    Optional<OciSeccomp> seccomp,
    List<OciIdMapping> uidMappings,
    List<OciIdMapping> gidMappings) {

  /** Copies the collections. */
  public OciLinux {
    namespaces = List.copyOf(namespaces);
    devices = List.copyOf(devices);
    sysctl = Map.copyOf(sysctl);
    maskedPaths = List.copyOf(maskedPaths);
    readonlyPaths = List.copyOf(readonlyPaths);
    uidMappings = List.copyOf(uidMappings);
    gidMappings = List.copyOf(gidMappings);
  }

  /**
   * A description without a user namespace.
   *
   * @param namespaces new and joined namespaces
   * @param resources limits of the cgroup
   * @param cgroupsPath the cgroup
   * @param devices nodes besides the usual ones
   * @param sysctl kernel settings of the container's namespaces
   * @param maskedPaths paths that cannot be looked into
   * @param readonlyPaths paths that cannot be written
   * @param rootfsPropagation mount propagation of the root
   * @param seccomp filter of system calls
   */
  public OciLinux(
      List<OciNamespace> namespaces,
      OciResources resources,
      String cgroupsPath,
      List<OciDevice> devices,
      Map<String, String> sysctl,
      List<String> maskedPaths,
      List<String> readonlyPaths,
      String rootfsPropagation,
      Optional<OciSeccomp> seccomp) {
    this(
        namespaces,
        resources,
        cgroupsPath,
        devices,
        sysctl,
        maskedPaths,
        readonlyPaths,
        rootfsPropagation,
        seccomp,
        List.of(),
        List.of());
  }

  /**
   * These namespaces and nothing else.
   *
   * @param namespaces the namespaces
   * @return the description
   */
  public static OciLinux of(List<OciNamespace> namespaces) {
    return new OciLinux(
        namespaces,
        OciResources.NONE,
        "",
        List.of(),
        Map.of(),
        List.of(),
        List.of(),
        "",
        Optional.empty());
  }

  /**
   * The same with other limits.
   *
   * @param resources the limits
   * @return a changed copy
   */
  public OciLinux withResources(OciResources resources) {
    return new OciLinux(
        namespaces,
        resources,
        cgroupsPath,
        devices,
        sysctl,
        maskedPaths,
        readonlyPaths,
        rootfsPropagation,
        seccomp,
        uidMappings,
        gidMappings);
  }

  /**
   * The same with other protected paths.
   *
   * @param masked paths that cannot be looked into
   * @param readonly paths that cannot be written
   * @return a changed copy
   */
  public OciLinux withProtectedPaths(List<String> masked, List<String> readonly) {
    return new OciLinux(
        namespaces,
        resources,
        cgroupsPath,
        devices,
        sysctl,
        masked,
        readonly,
        rootfsPropagation,
        seccomp,
        uidMappings,
        gidMappings);
  }

  /**
   * The same with a filter of system calls.
   *
   * @param filter the filter
   * @return a changed copy
   */
  public OciLinux withSeccomp(OciSeccomp filter) {
    return new OciLinux(
        namespaces,
        resources,
        cgroupsPath,
        devices,
        sysctl,
        maskedPaths,
        readonlyPaths,
        rootfsPropagation,
        Optional.of(filter),
        uidMappings,
        gidMappings);
  }

  /**
   * The same with the numbers of a user namespace.
   *
   * @param uids its users
   * @param gids its groups
   * @return a changed copy
   */
  public OciLinux withIdMappings(List<OciIdMapping> uids, List<OciIdMapping> gids) {
    return new OciLinux(
        namespaces,
        resources,
        cgroupsPath,
        devices,
        sysctl,
        maskedPaths,
        readonlyPaths,
        rootfsPropagation,
        seccomp,
        uids,
        gids);
  }
}
