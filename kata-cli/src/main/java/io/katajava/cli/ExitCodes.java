package io.katajava.cli;

/** What the command's exit codes mean besides the guest command's own. */
final class ExitCodes {
  /** The command's own failure: bad host, bad guest, lost machine. */
  static final int OWN_FAILURE = 125;

  /** A write to a closed pipe, as a shell reports SIGPIPE. */
  static final int BROKEN_PIPE = 141;

  private ExitCodes() {}
}
