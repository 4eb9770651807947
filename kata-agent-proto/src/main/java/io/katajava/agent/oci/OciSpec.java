package io.katajava.agent.oci;

import java.util.List;
import java.util.Map;

/**
 * A container as the OCI runtime specification describes it. Maps to the protocol's {@code Spec}.
 *
 * @param process its first process
 * @param root its root filesystem
 * @param hostname its host name; empty for the sandbox's
 * @param mounts its mounts, in order
 * @param hooks programs run at points of its life
 * @param annotations what others may read
 * @param linux what is particular to Linux
 */
public record OciSpec(
    OciProcess process,
    OciRoot root,
    String hostname,
    List<OciMount> mounts,
    OciHooks hooks,
    Map<String, String> annotations,
    OciLinux linux) {
  /** The version of the specification that is followed. */
  public static final String VERSION = "1.2.0";

  /** Copies the collections. */
  public OciSpec {
    mounts = List.copyOf(mounts);
    annotations = Map.copyOf(annotations);
  }
}
