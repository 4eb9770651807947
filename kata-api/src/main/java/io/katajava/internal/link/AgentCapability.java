package io.katajava.internal.link;

import io.katajava.agent.AgentVersion;
import java.util.EnumSet;
import java.util.Set;

/**
 * What the agent of this library can do beyond the Kata agent protocol. Upstream's agent has none
 * of it, and nothing in the protocol asks for it: it is known by the agent's version text.
 */
public enum AgentCapability {
  /** Output can still be read after the process was waited for. */
  OUTPUT_AFTER_WAIT,

  /** The program {@code tcp-listeners} prints both tables of listening sockets. */
  LISTENER_TABLES,

  /** The agent's own programs read and write tar archives with holes and extended attributes. */
  TREE_ARCHIVES,

  /** A mounted filesystem stays as long as one container uses it. */
  COUNTED_FILESYSTEMS,

  /** A directory of an image can be copied into a volume in guest memory. */
  IMAGE_VOLUMES,

  /** A container can join the pid namespace of one that is named. */
  NAMED_PID_NAMESPACE,

  /** The guest can be saved with its containers, and take another identity in a copy. */
  COPIES,

  /** The agent proves to a JVM that comes later which sandbox it serves. */
  PROOF_OF_SANDBOX;

  /** How our agent names itself. */
  private static final String OUR_AGENT = "kata-java";

  static Set<AgentCapability> of(AgentVersion version) {
    return version.agentVersion().contains(OUR_AGENT)
        ? EnumSet.allOf(AgentCapability.class)
        : EnumSet.noneOf(AgentCapability.class);
  }
}
