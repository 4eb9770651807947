package io.katajava.qemu.internal;

import io.katajava.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.StringJoiner;

/**
 * One thing of a machine, in both of QEMU's notations: an option of the command line and a QMP
 * command. What is plugged is thereby described exactly as what is there from the start.
 */
final class QemuItem {
  /** QEMU's kinds of things, in the order in which they must be made. */
  enum Kind {
    OBJECT("-object", "qom-type"),
    CHARDEV("-chardev", "backend"),
    BLOCKDEV("-blockdev", "driver"),
    NETDEV("-netdev", "type"),
    DEVICE("-device", "driver");

    private final String option;
    private final String typeMember;

    Kind(String option, String typeMember) {
      this.option = option;
      this.typeMember = typeMember;
    }
  }

  private final Kind kind;
  private final String type;
  private final Map<String, Object> members = new LinkedHashMap<>();

  private QemuItem(Kind kind, String type) {
    this.kind = kind;
    this.type = type;
  }

  static QemuItem object(String type, String id) {
    return new QemuItem(Kind.OBJECT, type).with("id", id);
  }

  static QemuItem chardevSocket(String id, Path socket) {
    return new QemuItem(Kind.CHARDEV, "socket").with("id", id).with("path", socket);
  }

  static QemuItem blockdev(String driver, String nodeName) {
    return new QemuItem(Kind.BLOCKDEV, driver).with("node-name", nodeName);
  }

  static QemuItem netdev(String type, String id) {
    return new QemuItem(Kind.NETDEV, type).with("id", id);
  }

  static QemuItem device(String driver, String id) {
    return new QemuItem(Kind.DEVICE, driver).with("id", id);
  }

  /**
   * Adds a member.
   *
   * @param value String, Boolean, Long, Integer, Path, or a Map or List of these
   */
  QemuItem with(String name, Object value) {
    members.put(name, value instanceof Path path ? path.toString() : value);
    return this;
  }

  Kind kind() {
    return kind;
  }

  String id() {
    Object id = members.get(kind == Kind.BLOCKDEV ? "node-name" : "id");
    return String.valueOf(Objects.requireNonNull(id));
  }

  /** Option and value. A comma in a value is doubled in QEMU's option syntax. */
  List<String> toOption() {
    StringJoiner text = new StringJoiner(",");
    text.add(kind == Kind.BLOCKDEV ? "driver=" + type : type);
    members.forEach((name, value) -> write(text, name, value));
    return List.of(kind.option, text.toString());
  }

  private static void write(StringJoiner text, String name, Object value) {
    if (value instanceof Map<?, ?> nested) {
      nested.forEach((inner, of) -> write(text, name + "." + inner, of));
    } else if (value instanceof List<?> list) {
      // In options a list is a member repeated, and its elements are bare.
      for (Object element : list) {
        write(
            text,
            name,
            element instanceof Map<?, ?> map ? map.values().iterator().next() : element);
      }
    } else if (value instanceof Boolean flag) {
      text.add(name + "=" + (flag ? "on" : "off"));
    } else {
      text.add(name + "=" + String.valueOf(value).replace(",", ",,"));
    }
  }

  /** The arguments of the command that makes it in a running machine. */
  JsonObject toJson() {
    JsonObject.Builder json = JsonObject.builder().put(kind.typeMember, type);
    members.forEach((name, value) -> json.put(name, json(value)));
    return json.build();
  }

  /** The same of a socket, which {@code chardev-add} wants nested. */
  JsonObject toSocketJson() {
    Object path = Objects.requireNonNull(members.get("path"));
    return JsonObject.builder()
        .put("id", id())
        .put(
            "backend",
            json(
                Map.of(
                    "type",
                    "socket",
                    "data",
                    Map.of(
                        "addr",
                        Map.of("type", "unix", "data", Map.of("path", path)),
                        "server",
                        false))))
        .build();
  }

  private static Object json(Object value) {
    if (value instanceof Map<?, ?> nested) {
      JsonObject.Builder object = JsonObject.builder();
      nested.forEach((name, of) -> object.put(String.valueOf(name), json(of)));
      return object.build();
    } else if (value instanceof List<?> list) {
      List<Object> elements = new ArrayList<>();
      list.forEach(element -> elements.add(json(element)));
      return elements;
    }
    return value;
  }

  @Override
  public String toString() {
    return String.join(" ", toOption());
  }
}
