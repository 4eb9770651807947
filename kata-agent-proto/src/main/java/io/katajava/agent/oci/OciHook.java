package io.katajava.agent.oci;

import java.time.Duration;
import java.util.ArrayList;
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

  /**
   * Checks and copies.
   *
   * @throws IllegalArgumentException if the path is not absolute or the time is negative
   */
  public OciHook {
    if (!path.startsWith("/")) {
      throw new IllegalArgumentException(
          "a hook is named by its absolute path, got '" + path + "'");
    }
    if (timeoutSeconds < 0) {
      throw new IllegalArgumentException("a hook's time is not negative, got " + timeoutSeconds);
    }
    args = List.copyOf(args);
    env = List.copyOf(env);
  }

  /**
   * A hook without variables, and with the agent's default for its time, 10 seconds.
   *
   * @param path absolute path of the program
   * @param arguments its arguments; its name, which comes first, is added
   * @return the hook
   */
  public static OciHook of(String path, String... arguments) {
    List<String> args = new ArrayList<>(List.of(path));
    args.addAll(List.of(arguments));
    return new OciHook(path, args, List.of(), 0);
  }

  /**
   * The same with a variable more.
   *
   * @param name its name
   * @param value its value
   * @return a changed copy
   */
  public OciHook withEnv(String name, String value) {
    List<String> more = new ArrayList<>(env);
    more.add(name + "=" + value);
    return new OciHook(path, args, more, timeoutSeconds);
  }

  /**
   * The same with another time, after which it is killed and has failed.
   *
   * @param timeout at least a second; what is beyond whole seconds is dropped
   * @return a changed copy
   * @throws IllegalArgumentException if it is less than a second
   */
  public OciHook withTimeout(Duration timeout) {
    if (timeout.toSeconds() < 1) {
      throw new IllegalArgumentException("a hook has at least a second, got " + timeout);
    }
    return new OciHook(path, args, env, timeout.toSeconds());
  }

  /** Variables may be secrets: only the program is named. */
  @Override
  public String toString() {
    return "OciHook[" + path + "]";
  }
}
