package io.katajava.agent.oci;

import java.util.List;
import java.util.Optional;

/**
 * A filter of system calls. Maps to the protocol's {@code LinuxSeccomp}.
 *
 * <p>Rules without conditions hold for all calls of a name; of two such the first. Rules with
 * conditions count beside them where they are stricter, the strictest first.
 *
 * @param defaultAction what happens with calls no rule names
 * @param defaultErrno the errno of a default action {@link Action#ERRNO}. The protocol has no place
 *     for it: our agent gets it as an addition, others fail such calls with EPERM
 * @param architectures names such as {@code SCMP_ARCH_X86_64}; empty for the guest's own
 * @param flags names such as {@code SECCOMP_FILTER_FLAG_LOG}
 * @param rules rules by call, in order
 */
public record OciSeccomp(
    Action defaultAction,
    Optional<Integer> defaultErrno,
    List<String> architectures,
    List<String> flags,
    List<Rule> rules) {
  private static final int LAST_ERRNO = 4095;

  /**
   * Checks the errno and copies the lists.
   *
   * @throws IllegalArgumentException if there is no such errno
   */
  public OciSeccomp {
    defaultErrno.ifPresent(OciSeccomp::checkErrno);
    architectures = List.copyOf(architectures);
    flags = List.copyOf(flags);
    rules = List.copyOf(rules);
  }

  /**
   * A filter whose default action, if it is an errno, is EPERM.
   *
   * @param defaultAction what happens with calls no rule names
   * @param architectures names such as {@code SCMP_ARCH_X86_64}; empty for the guest's own
   * @param flags names such as {@code SECCOMP_FILTER_FLAG_LOG}
   * @param rules rules by call, in order
   */
  public OciSeccomp(
      Action defaultAction, List<String> architectures, List<String> flags, List<Rule> rules) {
    this(defaultAction, Optional.empty(), architectures, flags, rules);
  }

  private static void checkErrno(int errno) {
    if (errno < 0 || errno > LAST_ERRNO) {
      throw new IllegalArgumentException(
          "an errno is 0 to " + LAST_ERRNO + ", of others the kernel makes another, got " + errno);
    }
  }

  /** What happens with a call. */
  public enum Action {
    /** The whole process is killed. */
    KILL_PROCESS("SCMP_ACT_KILL_PROCESS"),
    /** The thread is killed. */
    KILL_THREAD("SCMP_ACT_KILL_THREAD"),
    /** The older name for killing the thread. */
    KILL("SCMP_ACT_KILL"),
    /** SIGSYS is sent. */
    TRAP("SCMP_ACT_TRAP"),
    /** The call fails with an errno. */
    ERRNO("SCMP_ACT_ERRNO"),
    /** A tracer is told. */
    TRACE("SCMP_ACT_TRACE"),
    /** The call is made. */
    ALLOW("SCMP_ACT_ALLOW"),
    /** The call is made and logged. */
    LOG("SCMP_ACT_LOG");

    private final String wireName;

    Action(String wireName) {
      this.wireName = wireName;
    }

    /**
     * The name in the specification.
     *
     * @return the name
     */
    public String wireName() {
      return wireName;
    }
  }

  /**
   * A rule.
   *
   * @param names the calls
   * @param action what happens
   * @param errno the errno of {@link Action#ERRNO}; the agent's default is EPERM
   * @param arguments conditions that must all hold; if two are of one argument, it is enough that
   *     one of all holds, which is what libseccomp's users make of it
   */
  public record Rule(
      List<String> names, Action action, Optional<Integer> errno, List<Argument> arguments) {

    /**
     * Checks the errno and copies the lists.
     *
     * @throws IllegalArgumentException if there is no such errno
     */
    public Rule {
      errno.ifPresent(OciSeccomp::checkErrno);
      names = List.copyOf(names);
      arguments = List.copyOf(arguments);
    }
  }

  /**
   * A condition on an argument of a call.
   *
   * @param index which argument, 0 to 5
   * @param value what it is compared with
   * @param valueTwo the second value of {@link Operator#MASKED_EQ}
   * @param operator how it is compared
   */
  public record Argument(int index, long value, long valueTwo, Operator operator) {}

  /** How an argument is compared; unsigned. */
  public enum Operator {
    /** Not equal. */
    NE,
    /** Less than. */
    LT,
    /** Less than or equal. */
    LE,
    /** Equal. */
    EQ,
    /** Greater than or equal. */
    GE,
    /** Greater than. */
    GT,
    /** Equal under a mask. */
    MASKED_EQ;

    /**
     * The name in the specification, for example {@code SCMP_CMP_EQ}.
     *
     * @return the name
     */
    public String wireName() {
      return "SCMP_CMP_" + (this == MASKED_EQ ? "MASKED_EQ" : name());
    }
  }
}
