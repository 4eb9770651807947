package io.katajava.qmp;

import io.katajava.json.JsonCursor;

/**
 * The version of QEMU, from its greeting.
 *
 * @param major such as 7
 * @param minor such as 2
 * @param micro such as 22
 * @param distribution what the distributor added, {@code package} in QMP; possibly empty
 */
public record QmpVersion(int major, int minor, int micro, String distribution)
    implements Comparable<QmpVersion> {

  static QmpVersion decode(JsonCursor in) {
    JsonCursor qemu = in.member("qemu");
    return new QmpVersion(
        (int) qemu.member("major").integer(0, Integer.MAX_VALUE),
        (int) qemu.member("minor").integer(0, Integer.MAX_VALUE),
        (int) qemu.member("micro").integer(0, Integer.MAX_VALUE),
        in.has("package") ? in.member("package").string() : "");
  }

  /**
   * Compares with a release.
   *
   * @param otherMajor such as 8
   * @param otherMinor such as 1
   * @return whether this is that release or a later one
   */
  public boolean isAtLeast(int otherMajor, int otherMinor) {
    return major > otherMajor || (major == otherMajor && minor >= otherMinor);
  }

  @Override
  public int compareTo(QmpVersion other) {
    int difference = Integer.compare(major, other.major);
    difference = difference != 0 ? difference : Integer.compare(minor, other.minor);
    return difference != 0 ? difference : Integer.compare(micro, other.micro);
  }

  @Override
  public String toString() {
    return major + "." + minor + "." + micro;
  }
}
