package io.katajava.qemu.internal;

import io.katajava.json.JsonArray;
import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The members of an option's value, in either of QEMU's notations: {@code first,name=value,…},
 * where a comma in a value is doubled, and JSON. A name may be there several times.
 *
 * @param all the members in order; the first of {@code first,name=value} has no name
 */
record OptionMembers(List<Member> all) {
  /**
   * One member.
   *
   * @param name its name, nested ones as {@code outer.inner}; empty for the first without one
   * @param value its value; {@code on} when it had none
   */
  record Member(String name, String value) {}

  /** Nothing when the value is JSON that cannot be read. */
  static Optional<OptionMembers> of(String value) {
    List<Member> members = new ArrayList<>();
    if (!value.startsWith("{")) {
      List<String> parts = parts(value);
      for (int i = 0; i < parts.size(); i++) {
        String part = parts.get(i);
        int equals = part.indexOf('=');
        if (equals >= 0) {
          members.add(new Member(part.substring(0, equals), part.substring(equals + 1)));
        } else {
          members.add(i == 0 ? new Member("", part) : new Member(part, "on"));
        }
      }
      return Optional.of(new OptionMembers(members));
    }
    try {
      flatten("", JsonObject.parse(value), members);
    } catch (JsonException e) {
      return Optional.empty();
    }
    return Optional.of(new OptionMembers(members));
  }

  private static List<String> parts(String value) {
    List<String> parts = new ArrayList<>();
    StringBuilder part = new StringBuilder();
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c != ',') {
        part.append(c);
      } else if (i + 1 < value.length() && value.charAt(i + 1) == ',') {
        part.append(',');
        i++;
      } else {
        parts.add(part.toString());
        part.setLength(0);
      }
    }
    parts.add(part.toString());
    return parts;
  }

  private static void flatten(String name, JsonValue value, List<Member> members) {
    if (value instanceof JsonObject object) {
      object
          .asMap()
          .forEach(
              (inner, of) -> flatten(name.isEmpty() ? inner : name + "." + inner, of, members));
    } else if (value instanceof JsonArray array) {
      for (int i = 0; i < array.values().size(); i++) {
        flatten(name + "." + i, array.values().get(i), members);
      }
    } else {
      members.add(
          new Member(name, value instanceof JsonString text ? text.value() : value.toString()));
    }
  }

  /** Every value of what may also stand first without its name. */
  Stream<String> first(String name) {
    return all.stream()
        .filter(member -> member.name().isEmpty() || member.name().equals(name))
        .map(Member::value);
  }
}
