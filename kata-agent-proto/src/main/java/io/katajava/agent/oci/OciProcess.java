package io.katajava.agent.oci;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A process of a container. Maps to the protocol's {@code Process}.
 *
 * @param args program and arguments
 * @param env variables, each {@code NAME=value}
 * @param cwd working directory in the container
 * @param user who it runs as
 * @param capabilities its capabilities
 * @param rlimits its resource limits
 * @param noNewPrivileges whether exec can gain no privileges
 * @param oomScoreAdj how readily it is killed when memory is short
 * @param terminal whether it gets a terminal
 * @param consoleSize size of the terminal
 */
public record OciProcess(
    List<String> args,
    List<String> env,
    String cwd,
    OciUser user,
    OciCapabilities capabilities,
    List<OciRlimit> rlimits,
    boolean noNewPrivileges,
    OptionalLong oomScoreAdj,
    boolean terminal,
    Optional<ConsoleSize> consoleSize) {

  /** Copies the lists. */
  public OciProcess {
    args = List.copyOf(args);
    env = List.copyOf(env);
    rlimits = List.copyOf(rlimits);
  }

  /**
   * Size of a terminal in characters.
   *
   * @param columns width
   * @param rows height
   */
  public record ConsoleSize(int columns, int rows) {}

  /**
   * Begins a process without privileges, as root, in {@code /}.
   *
   * @param args program and arguments
   * @return a builder
   */
  public static Builder builder(List<String> args) {
    return new Builder(args);
  }

  /** Arguments and variables may be secrets: only the program is named. */
  @Override
  public String toString() {
    return "OciProcess[" + (args.isEmpty() ? "" : args.get(0)) + " in " + cwd + " as " + user + "]";
  }

  /** Describes a process. Not safe for several threads. */
  public static final class Builder {
    private final List<String> args;
    private final List<String> env = new ArrayList<>();
    private final List<OciRlimit> rlimits = new ArrayList<>();
    private String cwd = "/";
    private OciUser user = OciUser.ROOT;
    private OciCapabilities capabilities = OciCapabilities.NONE;
    private boolean noNewPrivileges;
    private OptionalLong oomScoreAdj = OptionalLong.empty();
    private boolean terminal;
    private Optional<ConsoleSize> consoleSize = Optional.empty();

    private Builder(List<String> args) {
      this.args = List.copyOf(args);
    }

    /**
     * Adds a variable.
     *
     * @param name its name
     * @param value its value
     * @return this
     */
    public Builder env(String name, String value) {
      env.add(name + "=" + value);
      return this;
    }

    /**
     * Sets the working directory. Default: {@code /}.
     *
     * @param cwd absolute path in the container
     * @return this
     */
    public Builder cwd(String cwd) {
      this.cwd = cwd;
      return this;
    }

    /**
     * Sets who it runs as. Default: root.
     *
     * @param user the user
     * @return this
     */
    public Builder user(OciUser user) {
      this.user = user;
      return this;
    }

    /**
     * Sets its capabilities. Default: none.
     *
     * @param capabilities the sets
     * @return this
     */
    public Builder capabilities(OciCapabilities capabilities) {
      this.capabilities = capabilities;
      return this;
    }

    /**
     * Adds a resource limit.
     *
     * @param rlimit the limit
     * @return this
     */
    public Builder rlimit(OciRlimit rlimit) {
      rlimits.add(rlimit);
      return this;
    }

    /**
     * Sets whether exec can gain no privileges. Default: it can.
     *
     * @param noNewPrivileges whether not
     * @return this
     */
    public Builder noNewPrivileges(boolean noNewPrivileges) {
      this.noNewPrivileges = noNewPrivileges;
      return this;
    }

    /**
     * Sets how readily it is killed when memory is short. Default: as the agent's children are.
     *
     * @param adjustment -1000 to 1000
     * @return this
     */
    public Builder oomScoreAdj(long adjustment) {
      this.oomScoreAdj = OptionalLong.of(adjustment);
      return this;
    }

    /**
     * Gives it a terminal. Default: pipes.
     *
     * @param columns width in characters
     * @param rows height in characters
     * @return this
     */
    public Builder terminal(int columns, int rows) {
      this.terminal = true;
      this.consoleSize = Optional.of(new ConsoleSize(columns, rows));
      return this;
    }

    /**
     * Makes the process.
     *
     * @return an immutable description
     */
    public OciProcess build() {
      return new OciProcess(
          args,
          env,
          cwd,
          user,
          capabilities,
          rlimits,
          noNewPrivileges,
          oomScoreAdj,
          terminal,
          consoleSize);
    }
  }
}
