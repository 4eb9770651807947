package io.katajava.guest;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.guest.internal.GuestShelf;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The guests in a cache directory, for tools that list and verify them. Looking changes nothing;
 * {@link GuestBuilder} builds and repairs.
 */
public final class GuestStore {
  private final Path cacheDirectory;

  private GuestStore(Path cacheDirectory) {
    this.cacheDirectory = cacheDirectory;
  }

  /**
   * The guests of a cache directory.
   *
   * @param cacheDirectory the one given to {@link GuestBuilder#build(Path)}; it need not exist
   * @return the store
   */
  public static GuestStore in(Path cacheDirectory) {
    return new GuestStore(cacheDirectory);
  }

  /**
   * The guests, the one used last first.
   *
   * @return a snapshot
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} when the cache cannot be read
   */
  public List<StoredGuest> list() {
    try {
      return new GuestShelf(cacheDirectory).list();
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  /**
   * Reads a guest's files in full and compares their SHA-256 with what they had when they were
   * made.
   *
   * @param guest the guest
   * @return what is wrong with it, one clause for each file; empty when it is as it was made
   * @throws KataException with {@link ErrorCode#HOST_UNSUITABLE} when the cache cannot be read
   */
  public List<String> damage(StoredGuest guest) {
    try {
      return new GuestShelf(cacheDirectory).damage(guest.id());
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private KataException unreadable(IOException e) {
    return new KataException(
        ErrorCode.HOST_UNSUITABLE,
        "cannot read the cache in " + cacheDirectory + ": " + e,
        Details.none().withCause(e).withRemedy("Check that this user may read it"));
  }
}
