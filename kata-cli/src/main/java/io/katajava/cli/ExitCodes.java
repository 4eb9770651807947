package io.katajava.cli;

/** What the command's exit codes mean besides the guest command's own. */
final class ExitCodes {
  /** Done. */
  static final int DONE = 0;

  /** What was asked for is not so: no such sandbox, a damaged guest, log lines that do not do. */
  static final int NEGATIVE = 1;

  /** The host can run sandboxes, but something is slower or missing. */
  static final int USABLE_WITH_LIMITS = 3;

  /** The host cannot run sandboxes. */
  static final int NOT_USABLE = 4;

  /** Output that could not be written; sysexits.h calls it EX_IOERR. */
  static final int OUTPUT_FAILED = 74;

  /** The command's own failure: bad host, bad guest, lost machine, a check that cannot be made. */
  static final int OWN_FAILURE = 125;

  /** A write to a closed pipe, as a shell reports SIGPIPE. */
  static final int BROKEN_PIPE = 141;

  private ExitCodes() {}
}
