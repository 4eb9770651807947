package io.katajava.agent.oci;

import java.util.List;

/**
 * A program run at a point of the container's life. Maps to the protocol's {@code Hook}.
 *
 * @param path absolute path of the program
 * @param args its arguments, the first one is its name
 * @param env its variables, each {@code NAME=value}
 * @param timeoutSeconds how long it may take; 0 for the agent's default
 */
public record OciHook(String path, List<String> args, List<String> env, long timeoutSeconds) {

  /** Copies the lists. */
  public OciHook {
    args = List.copyOf(args);
    env = List.copyOf(env);
  }

  /** Variables may be secrets: only the program is named. */
  @Override
  public String toString() {
    return "OciHook[" + path + "]";
  }
}
