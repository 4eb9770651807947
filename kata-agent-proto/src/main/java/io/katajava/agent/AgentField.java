package io.katajava.agent;

import java.util.List;

/**
 * A field of a request or reply, as the protocol defines it.
 *
 * @param name as in the protocol, which is also its name in JSON
 * @param type such as {@code string}, {@code uint32} or the full name of a message; of a map {@code
 *     map<string, uint64>}
 * @param repeated whether it is a list
 * @param values the names of an enumeration's values, else empty
 */
public record AgentField(String name, String type, boolean repeated, List<String> values) {
  /** Copies the list. */
  public AgentField {
    values = List.copyOf(values);
  }

  @Override
  public String toString() {
    return name + ": " + type + (repeated ? "[]" : "") + (values.isEmpty() ? "" : " " + values);
  }
}
