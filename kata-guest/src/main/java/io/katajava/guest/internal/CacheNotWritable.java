package io.katajava.guest.internal;

import io.katajava.base.text.PrintableText;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;

/**
 * The cache can be read but not written: on a read-only file system, of another owner, or full.
 * What is in it is used all the same; nothing of it is damaged for that.
 */
final class CacheNotWritable extends IOException {
  private static final long serialVersionUID = 1;

  CacheNotWritable(Path cache, FileSystemException cause) {
    super(
        PrintableText.lines("the cache " + cache + " cannot be written: " + reason(cause)), cause);
  }

  private static String reason(FileSystemException cause) {
    if (cause instanceof AccessDeniedException) {
      return "permission denied";
    }
    return cause.getReason() == null ? cause.toString() : cause.getReason();
  }
}
