package io.katajava.json;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Knows which members of QMP messages are secrets, and replaces them. */
final class Redaction {
  private static final JsonValue REDACTED = new JsonString("<redacted>");

  /** Everywhere: set_password, change-vnc-password, curl block nodes, sev-inject-launch-secret. */
  private static final Set<String> SECRET_MEMBERS =
      Set.of("password", "passwd", "cookie", "secret", "crypted-password");

  /** The property of a secret that is the secret. */
  private static final String SECRET_DATA = "data";

  /** Lines of the human monitor that carry a password or a secret. */
  private static final Set<String> SECRET_LINES =
      Set.of("set_password", "change", "object_add", "qom-set");

  private Redaction() {}

  static JsonValue of(JsonValue value) {
    if (value instanceof JsonObject object) {
      return ofObject(object);
    } else if (value instanceof JsonArray array) {
      return ofArray(array);
    }
    return value;
  }

  private static JsonValue ofArray(JsonArray array) {
    List<JsonValue> copy = new ArrayList<>(array.values().size());
    boolean changed = false;
    for (JsonValue element : array.values()) {
      JsonValue clean = of(element);
      changed |= clean != element;
      copy.add(clean);
    }
    return changed ? new JsonArray(copy) : array;
  }

  private static JsonValue ofObject(JsonObject object) {
    String[] names = new String[object.size()];
    JsonValue[] values = new JsonValue[object.size()];
    boolean changed = false;
    String secret = secretMember(object);
    for (int i = 0; i < object.size(); i++) {
      names[i] = object.nameAt(i);
      values[i] = member(names[i], object.valueAt(i), secret);
      changed |= values[i] != object.valueAt(i);
    }
    return changed ? new JsonObject(names, values, names.length) : object;
  }

  private static JsonValue member(String name, JsonValue value, String secret) {
    boolean scalar = value instanceof JsonString || value instanceof JsonNumber;
    if (scalar && (SECRET_MEMBERS.contains(name) || name.equals(secret))) {
      return REDACTED;
    }
    if (name.equals("command-line") && value instanceof JsonString line) {
      String verb = line.value().strip().split("\\s", 2)[0];
      return SECRET_LINES.contains(verb) ? new JsonString(verb + " <redacted>") : value;
    }
    return of(value);
  }

  /** Of object-add it is the data, of qom-set the value given to the data; or nothing. */
  private static String secretMember(JsonObject object) {
    if (object.get("qom-type") instanceof JsonString type && type.value().startsWith("secret")) {
      return SECRET_DATA;
    }
    boolean set =
        object.get("property") instanceof JsonString property
            && property.value().equals(SECRET_DATA);
    return set ? "value" : "";
  }
}
