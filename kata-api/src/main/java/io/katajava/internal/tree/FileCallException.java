package io.katajava.internal.tree;

import io.katajava.base.text.PrintableText;
import java.io.IOException;

/** A system call on a file was refused. */
public final class FileCallException extends IOException {
  private static final long serialVersionUID = 1;

  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int EEXIST = 17;
  static final int ENOTDIR = 20;
  static final int EINVAL = 22;
  static final int ENOTEMPTY = 39;
  static final int ELOOP = 40;

  private final int errno;

  FileCallException(String what, int errno, String reason) {
    super(PrintableText.lines(what + ": " + reason));
    this.errno = errno;
  }

  /**
   * Whether there is nothing of that name.
   *
   * @return whether that was the reason
   */
  public boolean isMissing() {
    return errno == ENOENT;
  }

  /** Whether something on the way is a link, or is no directory. */
  boolean isNoDirectory() {
    return errno == ENOTDIR || errno == ELOOP;
  }

  /**
   * Whether a directory has something in it.
   *
   * @return whether that was the reason
   */
  public boolean isNotEmpty() {
    return errno == ENOTEMPTY || errno == EEXIST;
  }

  boolean is(int number) {
    return errno == number;
  }
}
