package io.katajava.image.internal;

import io.katajava.ProgressEvent;
import io.katajava.ProgressListener;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.OptionalLong;

/** How far an import is, and what it turned out to be of. */
final class ImportProgress {
  private final ProgressListener listener;
  private final String file;
  private final long total;
  private String subject;
  private long done;

  ImportProgress(ProgressListener listener, Path source, long total) {
    this.listener = listener;
    this.file = source.getFileName() == null ? source.toString() : source.getFileName().toString();
    this.total = total;
    this.subject = file;
  }

  /** A pass over the source. */
  InputStream counting(InputStream in) {
    done = 0;
    return new CountingStream(
        in,
        count -> {
          done += count;
          tell(false);
        });
  }

  /** It is known what it is: from here on it is told with that. */
  void form(String form) {
    String next = file + " (" + form + ")";
    if (!next.equals(subject)) {
      tell(true);
      subject = next;
      tell(false);
    }
  }

  /** The same for images: how many there are is told when it is more than one. */
  void form(String form, long images, long layers) {
    form(
        form
            + ", "
            + (images == 1 ? "" : images + " images, ")
            + layers
            + (layers == 1 ? " layer" : " layers"));
  }

  void ended() {
    tell(true);
  }

  private void tell(boolean end) {
    listener.progress(
        new ProgressEvent(
            ProgressEvent.Activity.IMPORT,
            subject,
            done,
            total > 0 ? OptionalLong.of(total) : OptionalLong.empty(),
            end));
  }
}
