package io.katajava.qemu.qmp.json;

/** Something that has a JSON form. */
public interface Encodable {

  /**
   * Returns the JSON form.
   *
   * @return a JSON value
   */
  JsonValue toJson();
}
