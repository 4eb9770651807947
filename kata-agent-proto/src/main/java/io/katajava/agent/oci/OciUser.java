package io.katajava.agent.oci;

import java.util.List;
import java.util.OptionalInt;

/**
 * Who a process runs as. Maps to the protocol's {@code User}.
 *
 * @param uid user id
 * @param gid group id
 * @param additionalGids further groups
 * @param username a name that the agent resolves in the container; empty when the ids count
 * @param groupNames further groups by name or number, resolved by the agent
 * @param umask the file mode creation mask; 022 when absent
 */
public record OciUser(
    long uid,
    long gid,
    List<Long> additionalGids,
    String username,
    List<String> groupNames,
    OptionalInt umask) {
  /**
   * The last number of a user or group. The one after it means to the kernel that nothing is
   * changed, which leaves a process root.
   */
  public static final long LAST_ID = 4_294_967_294L;

  /** User and group 0. */
  public static final OciUser ROOT = new OciUser(0, 0, List.of(), "");

  /**
   * Checks the ids and copies the groups.
   *
   * @throws IllegalArgumentException if an id is not between 0 and {@link #LAST_ID}
   */
  public OciUser {
    additionalGids = List.copyOf(additionalGids);
    groupNames = List.copyOf(groupNames);
    check(uid);
    check(gid);
    additionalGids.forEach(OciUser::check);
  }

  /**
   * A user without group names, with the default umask.
   *
   * @param uid user id
   * @param gid group id
   * @param additionalGids further groups
   * @param username a name that the agent resolves in the container; empty when the ids count
   */
  public OciUser(long uid, long gid, List<Long> additionalGids, String username) {
    this(uid, gid, additionalGids, username, List.of(), OptionalInt.empty());
  }

  private static void check(long id) {
    if (id < 0 || id > LAST_ID) {
      throw new IllegalArgumentException(
          "the number of a user or group is 0 to " + LAST_ID + ", got " + id);
    }
  }
}
