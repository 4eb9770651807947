package io.katajava.agent.oci;

import java.util.Set;

/**
 * The capability sets of a process. Maps to the protocol's {@code LinuxCapabilities}.
 *
 * @param bounding what can be gained at most
 * @param effective what counts now
 * @param inheritable what may be kept over an exec
 * @param permitted what may be made effective
 * @param ambient what is kept over an exec by unprivileged programs
 */
public record OciCapabilities(
    Set<OciCapability> bounding,
    Set<OciCapability> effective,
    Set<OciCapability> inheritable,
    Set<OciCapability> permitted,
    Set<OciCapability> ambient) {
  /** No capability in any set. */
  public static final OciCapabilities NONE =
      new OciCapabilities(Set.of(), Set.of(), Set.of(), Set.of(), Set.of());

  /** Copies the sets. */
  public OciCapabilities {
    bounding = Set.copyOf(bounding);
    effective = Set.copyOf(effective);
    inheritable = Set.copyOf(inheritable);
    permitted = Set.copyOf(permitted);
    ambient = Set.copyOf(ambient);
  }

  /**
   * The same capabilities as bounding, effective and permitted ones: what container engines give.
   *
   * @param capabilities the capabilities
   * @return the sets; inheritable and ambient are empty
   */
  public static OciCapabilities of(Set<OciCapability> capabilities) {
    return new OciCapabilities(capabilities, capabilities, Set.of(), capabilities, Set.of());
  }
}
