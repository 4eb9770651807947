package io.katajava;

import java.time.Duration;

/** The outcome of a command: how it ended. */
public sealed interface ExecOutcome {

  /**
   * The command ended by itself.
   *
   * @param code its exit code, 0 to 255
   */
  record Exited(int code) implements ExecOutcome {}

  /**
   * A signal ended the command.
   *
   * @param signal the signal's number in the guest, for example 9
   */
  record Signalled(int signal) implements ExecOutcome {}

  /**
   * The command did not end in time. This machine's clock decides, whatever the guest says or does
   * not say.
   *
   * @param after the time it had, from the call on
   * @param fate what became of it, as far as the guest has told
   */
  record TimedOut(Duration after, Fate fate) implements ExecOutcome {
    /** What became of a command whose time was over. */
    public enum Fate {
      /** It was killed with its process group, and the guest has confirmed it. */
      KILLED("was killed"),
      /** The guest was told to kill it, and has not confirmed that it did. */
      KILL_UNCONFIRMED("was given up, because the guest did not confirm that it was killed,"),
      /** The guest has not confirmed that it was started; if it starts, it is killed then. */
      START_UNCONFIRMED("was given up, because the guest did not confirm that it was started,"),
      /** It had ended by itself, but its output had not all come. */
      OUTPUT_INCOMPLETE("ended, but its output was not complete");

      private final String text;

      Fate(String text) {
        this.text = text;
      }
    }

    /**
     * A command that was killed when its time was over.
     *
     * @param after the time it had
     */
    public TimedOut(Duration after) {
      this(after, Fate.KILLED);
    }
  }

  /**
   * The command could not be started; it never ran.
   *
   * @param kind the reason
   * @param errno the guest's name for it, for example {@code ENOENT}; empty when there is none
   * @param message what was tried
   */
  record NotStarted(Kind kind, String errno, String message) implements ExecOutcome {
    /** Why a command could not be started. */
    public enum Kind {
      /** There is no such file. */
      NOT_FOUND,
      /** It may not be executed. */
      NOT_EXECUTABLE,
      /** A setting is invalid: user, directory, limits. */
      INVALID,
      /** Anything else; see errno and message. */
      OTHER
    }
  }

  /**
   * The machine or its agent went away while the command ran; whether it ended is unknown. What
   * still ran when its holder closed the sandbox was killed with it, and is {@link Signalled}.
   *
   * @param reason what is known
   */
  record VmLost(String reason) implements ExecOutcome {}

  /**
   * The outcome as a shell would report it: the exit code; 128 + signal; 124 for a timeout; 127 not
   * found; 126 not executable or otherwise not started; 125 when the machine was lost.
   *
   * @return 0 to 255
   */
  default int exitCode() {
    if (this instanceof Exited exited) {
      return exited.code();
    } else if (this instanceof Signalled signalled) {
      return 128 + signalled.signal();
    } else if (this instanceof TimedOut) {
      return 124;
    } else if (this instanceof NotStarted notStarted) {
      return notStarted.kind() == NotStarted.Kind.NOT_FOUND ? 127 : 126;
    }
    return 125;
  }

  /**
   * The outcome in words, for example {@code exited with 1}.
   *
   * @return a clause
   */
  default String describe() {
    if (this instanceof Exited exited) {
      return "exited with " + exited.code();
    } else if (this instanceof Signalled signalled) {
      return "was ended by signal " + signalled.signal();
    } else if (this instanceof TimedOut timedOut) {
      return timedOut.fate().text + " after its timeout of " + timedOut.after().toMillis() + " ms";
    } else if (this instanceof NotStarted notStarted) {
      return "could not be started: " + notStarted.message();
    } else if (this instanceof VmLost lost) {
      return "has an unknown outcome, because the machine was lost: " + lost.reason();
    }
    throw new AssertionError(this);
  }
}
