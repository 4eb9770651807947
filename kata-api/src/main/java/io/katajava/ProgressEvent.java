package io.katajava;

import java.util.OptionalLong;

/**
 * The progress of an operation that takes long. The last event of a subject has {@code ended}, also
 * when it failed.
 *
 * @param activity what is being done
 * @param subject to what, for people; the same text for all events of it
 * @param done bytes, or for a build steps, that are done
 * @param total how many there are in all, when that is known
 * @param ended whether no more events follow
 */
public record ProgressEvent(
    Activity activity, String subject, long done, OptionalLong total, boolean ended) {

  /** The kinds of operations that take long. */
  public enum Activity {
    /** Bytes come from a registry. */
    PULL,
    /**
     * Bytes come from an archive or a directory. Once it is known what it is, the subject says so,
     * such as {@code app.tar (docker archive, 3 layers)}.
     */
    IMPORT,
    /** A layer is made into a block image. */
    UNPACK,
    /** A guest is built. */
    GUEST_BUILD
  }
}
