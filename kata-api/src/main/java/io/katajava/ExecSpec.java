package io.katajava;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The description of a command to execute in a container. Immutable; {@link #toBuilder()} leads
 * back.
 */
public final class ExecSpec {
  /** How much of each output stream {@link Container#exec} keeps unless told otherwise. */
  public static final MemorySize DEFAULT_OUTPUT_LIMIT = MemorySize.mebibytes(256);

  private final List<String> command;
  private final Map<String, String> env;
  private final @Nullable String workdir;
  private final @Nullable String user;
  private final OptionalInt umask;
  private final @Nullable Duration timeout;
  private final @Nullable InputStream stdin;
  private final MemorySize outputLimit;
  private final @Nullable TerminalSize terminal;

  private ExecSpec(Builder builder) {
    this.command = List.copyOf(builder.command);
    this.env = Collections.unmodifiableMap(new LinkedHashMap<>(builder.env));
    this.workdir = builder.workdir;
    this.user = builder.user;
    this.umask = builder.umask;
    this.timeout = builder.timeout;
    this.stdin = builder.stdin;
    this.outputLimit = builder.outputLimit;
    this.terminal = builder.terminal;
  }

  /**
   * Size of a terminal in characters.
   *
   * @param columns width
   * @param rows height
   */
  public record TerminalSize(int columns, int rows) {

    /**
     * Checks the size.
     *
     * @throws IllegalArgumentException unless both are 1 to 65535
     */
    public TerminalSize {
      if (columns < 1 || rows < 1 || columns > 65535 || rows > 65535) {
        throw new IllegalArgumentException(
            "a terminal has 1 to 65535 columns and rows, asked for " + columns + "x" + rows);
      }
    }
  }

  /**
   * Begins a description.
   *
   * @param command program and arguments
   * @return a builder
   */
  public static Builder command(String... command) {
    return new Builder().command(command);
  }

  /**
   * Begins an empty description.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A builder with these values.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.command.addAll(command);
    builder.env.putAll(env);
    builder.workdir = workdir;
    builder.user = user;
    builder.umask = umask;
    builder.timeout = timeout;
    builder.stdin = stdin;
    builder.outputLimit = outputLimit;
    builder.terminal = terminal;
    return builder;
  }

  /**
   * What to run.
   *
   * @return program and arguments, not empty
   */
  public List<String> command() {
    return command;
  }

  /**
   * Variables set on top of the container's.
   *
   * @return names and values in the order they were set
   */
  public Map<String, String> env() {
    return env;
  }

  /**
   * The working directory, if not the container's.
   *
   * @return an absolute path in the container
   */
  public Optional<String> workdir() {
    return Optional.ofNullable(workdir);
  }

  /**
   * The user, if not the container's.
   *
   * @return {@code name}, {@code uid} or either with {@code :group}
   */
  public Optional<String> user() {
    return Optional.ofNullable(user);
  }

  /**
   * The file mode creation mask, if not the container's.
   *
   * @return 0 to 0777
   */
  public OptionalInt umask() {
    return umask;
  }

  /**
   * After which time it is killed.
   *
   * @return the timeout; empty for none
   */
  public Optional<Duration> timeout() {
    return Optional.ofNullable(timeout);
  }

  /**
   * What is fed to its standard input; empty input when absent.
   *
   * @return the source
   */
  public Optional<InputStream> stdin() {
    return Optional.ofNullable(stdin);
  }

  /**
   * How much of each stream a captured execution may write.
   *
   * @return the limit of each of the two streams
   */
  public MemorySize outputLimit() {
    return outputLimit;
  }

  /**
   * The terminal it gets.
   *
   * @return its size; empty for pipes
   */
  public Optional<TerminalSize> terminal() {
    return Optional.ofNullable(terminal);
  }

  /** Environment values and arguments may be secrets: only the program is named. */
  @Override
  public String toString() {
    return "ExecSpec[" + command.get(0) + " with " + (command.size() - 1) + " arguments]";
  }

  /** Describes an execution. Not safe for several threads. */
  public static final class Builder {
    private final List<String> command = new ArrayList<>();
    private final Map<String, String> env = new LinkedHashMap<>();
    private @Nullable String workdir;
    private @Nullable String user;
    private OptionalInt umask = OptionalInt.empty();
    private @Nullable Duration timeout;
    private @Nullable InputStream stdin;
    private MemorySize outputLimit = DEFAULT_OUTPUT_LIMIT;
    private @Nullable TerminalSize terminal;

    private Builder() {}

    /**
     * Sets what to run. The program is looked up in the container's {@code PATH} unless it has a
     * slash; no shell is involved.
     *
     * @param command program and arguments
     * @return this
     */
    public Builder command(String... command) {
      return command(List.of(command));
    }

    /**
     * Sets what to run.
     *
     * @param command program and arguments
     * @return this
     * @throws IllegalArgumentException if it is empty or has a NUL character
     */
    public Builder command(List<String> command) {
      Checks.command(command);
      this.command.clear();
      this.command.addAll(command);
      return this;
    }

    /**
     * Sets a variable on top of the container's environment.
     *
     * @param name its name, without {@code =}
     * @param value its value
     * @return this
     * @throws IllegalArgumentException if the name is empty or has {@code =} or NUL
     */
    public Builder env(String name, String value) {
      Checks.variable(name, value);
      env.put(name, value);
      return this;
    }

    /**
     * Sets the working directory. Default: the container's.
     *
     * @param workdir an absolute path in the container
     * @return this
     * @throws IllegalArgumentException if it is not absolute
     */
    public Builder workdir(String workdir) {
      this.workdir = Checks.absolute("working directory", workdir);
      return this;
    }

    /**
     * Sets the user. Default: the container's.
     *
     * @param user {@code name}, {@code uid}, {@code name:group} or {@code uid:gid}, as {@link
     *     ContainerBuilder#user} has it
     * @return this
     * @throws IllegalArgumentException if it is no such user
     */
    public Builder user(String user) {
      this.user = Checks.user(user);
      return this;
    }

    /**
     * Sets the file mode creation mask. Default: the container's.
     *
     * @param umask 0 to 0777
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder umask(int umask) {
      this.umask = OptionalInt.of(Checks.umask(umask));
      return this;
    }

    /**
     * Sets after which time the command and its process group are killed. It counts from the call
     * on and by this machine's clock: a second later at most the outcome is there, {@link
     * ExecOutcome.TimedOut} tells whether the guest has confirmed the kill. Default: none, the
     * command may take as long as it likes, and only its start is limited, by {@link
     * Kata.Builder#callTimeout}.
     *
     * @param timeout a positive duration
     * @return this
     */
    public Builder timeout(Duration timeout) {
      this.timeout = Checks.positive("timeout", timeout);
      return this;
    }

    /**
     * Feeds a stream to the command's standard input, then closes that input. Default: no input.
     *
     * @param stdin the source; not closed
     * @return this
     */
    public Builder stdin(InputStream stdin) {
      this.stdin = stdin;
      return this;
    }

    /**
     * Feeds a text to the command's standard input, then closes that input.
     *
     * @param text sent as UTF-8
     * @return this
     */
    public Builder stdin(String text) {
      return stdin(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    /**
     * Sets how much of each output stream a captured execution may write; beyond it the command is
     * killed and {@link ErrorCode#OUTPUT_LIMIT} thrown. Default: {@link #DEFAULT_OUTPUT_LIMIT}.
     *
     * @param limit less than 2 GiB
     * @return this
     * @throws IllegalArgumentException if it is 2 GiB or more
     */
    public Builder outputLimit(MemorySize limit) {
      if (limit.bytes() > Integer.MAX_VALUE - 8) {
        throw new IllegalArgumentException(
            "captured output is limited to less than 2 GiB, asked for "
                + limit
                + "; use a started Execution and its streams for more");
      }
      this.outputLimit = limit;
      return this;
    }

    /**
     * Gives the command a terminal instead of pipes.
     *
     * @param columns width in characters
     * @param rows height in characters
     * @return this
     */
    public Builder tty(int columns, int rows) {
      this.terminal = new TerminalSize(columns, rows);
      return this;
    }

    /**
     * Makes the description.
     *
     * @return an immutable description
     * @throws IllegalStateException if no command was set
     */
    public ExecSpec build() {
      if (command.isEmpty()) {
        throw new IllegalStateException("an execution needs a command");
      }
      return new ExecSpec(this);
    }
  }
}
