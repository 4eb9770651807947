package io.katajava.qmp;

import io.katajava.qmp.type.SchemaInfo;
import io.katajava.qmp.type.SchemaInfoAlternateMember;
import io.katajava.qmp.type.SchemaInfoEnumMember;
import io.katajava.qmp.type.SchemaInfoObjectMember;
import io.katajava.qmp.type.SchemaInfoObjectVariant;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The schema of a connected QEMU, from {@code query-qmp-schema}: what it supports. Members are
 * named by paths with dots: {@code addr.host} is the member {@code host} of the argument {@code
 * addr}; lists, and the branches of unions and alternates, take no step of their own.
 */
public final class QmpSchema {
  private final Map<String, SchemaInfo> types = new HashMap<>();

  QmpSchema(List<SchemaInfo> entries) {
    // Types have made-up names that are numbers, so they never clash with commands or events.
    entries.forEach(entry -> types.put(entry.name(), entry));
  }

  /**
   * Tells whether a command exists.
   *
   * @param command its name in QMP
   * @return whether it exists
   */
  public boolean hasCommand(String command) {
    return types.get(command) instanceof SchemaInfo.Command;
  }

  /**
   * Tells whether an event exists.
   *
   * @param event its name in QMP
   * @return whether it exists
   */
  public boolean hasEvent(String event) {
    return types.get(event) instanceof SchemaInfo.Event;
  }

  /**
   * Tells whether a command takes an argument.
   *
   * @param command its name in QMP
   * @param path the argument
   * @return whether both exist
   */
  public boolean hasArgument(String command, String path) {
    return types.get(command) instanceof SchemaInfo.Command info
        && !resolve(info.argType(), path).isEmpty();
  }

  /**
   * Tells whether the result of a command has a member.
   *
   * @param command its name in QMP
   * @param path the member
   * @return whether both exist
   */
  public boolean hasResult(String command, String path) {
    return types.get(command) instanceof SchemaInfo.Command info
        && !resolve(info.retType(), path).isEmpty();
  }

  /**
   * Tells whether an event carries a member.
   *
   * @param event its name in QMP
   * @param path the member
   * @return whether both exist
   */
  public boolean hasEventMember(String event, String path) {
    return types.get(event) instanceof SchemaInfo.Event info
        && !resolve(info.argType(), path).isEmpty();
  }

  /**
   * Tells whether an argument may have a certain value.
   *
   * @param command its name in QMP
   * @param path the argument, of an enumeration type
   * @param value the value
   * @return whether all exist
   */
  public boolean hasArgumentValue(String command, String path, String value) {
    if (types.get(command) instanceof SchemaInfo.Command info) {
      for (String type : resolve(info.argType(), path)) {
        if (values(type).contains(value)) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Tells whether a command has a feature, such as {@code deprecated}.
   *
   * @param command its name in QMP
   * @param feature the feature
   * @return whether both exist
   */
  public boolean hasFeature(String command, String feature) {
    return types.get(command) instanceof SchemaInfo.Command info
        && info.features() != null
        && info.features().contains(feature);
  }

  /**
   * Returns the names of all commands.
   *
   * @return the names, sorted
   */
  public Set<String> commands() {
    Set<String> names = new TreeSet<>();
    types.values().stream()
        .filter(SchemaInfo.Command.class::isInstance)
        .forEach(entry -> names.add(entry.name()));
    return Collections.unmodifiableSet(names);
  }

  /**
   * Returns the names of all events.
   *
   * @return the names, sorted
   */
  public Set<String> events() {
    Set<String> names = new TreeSet<>();
    types.values().stream()
        .filter(SchemaInfo.Event.class::isInstance)
        .forEach(entry -> names.add(entry.name()));
    return Collections.unmodifiableSet(names);
  }

  /**
   * Returns the arguments a command takes, for completion.
   *
   * @param command its name in QMP
   * @return the names, sorted; those of all branches of a union; empty if there is no such command
   */
  public Set<String> arguments(String command) {
    Set<String> names = new TreeSet<>();
    if (types.get(command) instanceof SchemaInfo.Command info) {
      for (SchemaInfo.QmpObject object : objects(info.argType())) {
        object.members().forEach(member -> names.add(member.name()));
      }
    }
    return Collections.unmodifiableSet(names);
  }

  /**
   * Returns the members an argument has, for completion.
   *
   * @param command its name in QMP
   * @param path the argument
   * @return the names, sorted; those of all branches of a union; empty if it has none
   */
  public Set<String> arguments(String command, String path) {
    Set<String> names = new TreeSet<>();
    if (types.get(command) instanceof SchemaInfo.Command info) {
      for (String type : resolve(info.argType(), path)) {
        for (SchemaInfo.QmpObject object : objects(type)) {
          object.members().forEach(member -> names.add(member.name()));
        }
      }
    }
    return Collections.unmodifiableSet(names);
  }

  /**
   * Returns what JSON an argument is.
   *
   * @param command its name in QMP
   * @param path the argument
   * @return of {@code string}, {@code int}, {@code number}, {@code boolean}, {@code null}, {@code
   *     object}, {@code array} and {@code value} (anything), sorted; several for an alternate,
   *     empty if there is no such argument
   */
  public Set<String> argumentTypes(String command, String path) {
    Set<String> kinds = new TreeSet<>();
    if (types.get(command) instanceof SchemaInfo.Command info) {
      resolve(info.argType(), path).forEach(type -> addKinds(type, kinds));
    }
    return Collections.unmodifiableSet(kinds);
  }

  private void addKinds(String type, Set<String> kinds) {
    SchemaInfo entry = types.get(type);
    if (entry instanceof SchemaInfo.Builtin builtin) {
      kinds.add(builtin.jsonType().value());
    } else if (entry instanceof SchemaInfo.QmpEnum) {
      kinds.add("string");
    } else if (entry instanceof SchemaInfo.Array) {
      kinds.add("array");
    } else if (entry instanceof SchemaInfo.QmpObject) {
      kinds.add("object");
    } else if (entry instanceof SchemaInfo.Alternate alternate) {
      // QAPI: the members of an alternate are never alternates themselves.
      alternate.members().forEach(member -> addKinds(member.type(), kinds));
    }
  }

  /**
   * Returns the values an argument may have, for completion.
   *
   * @param command its name in QMP
   * @param path the argument
   * @return the values, sorted; empty if it is not of an enumeration type
   */
  public Set<String> argumentValues(String command, String path) {
    Set<String> values = new TreeSet<>();
    if (types.get(command) instanceof SchemaInfo.Command info) {
      resolve(info.argType(), path).forEach(type -> values.addAll(values(type)));
    }
    return Collections.unmodifiableSet(values);
  }

  /** The entry of a command, event or type; the names of types mean nothing. */
  @Nullable SchemaInfo entry(String name) {
    return types.get(name);
  }

  private Set<String> values(String type) {
    Set<String> values = new HashSet<>();
    if (types.get(element(type)) instanceof SchemaInfo.QmpEnum info) {
      for (SchemaInfoEnumMember member : info.members()) {
        values.add(member.name());
      }
    }
    return values;
  }

  private String element(String type) {
    String current = type;
    while (types.get(current) instanceof SchemaInfo.Array array) {
      current = array.elementType();
    }
    return current;
  }

  /** The types a path leads to, several where branches have members of the same name. */
  private Set<String> resolve(String type, String path) {
    Set<String> current = Set.of(type);
    for (String step : path.split("\\.", -1)) {
      Set<String> next = new HashSet<>();
      for (String from : current) {
        for (SchemaInfo.QmpObject object : objects(from)) {
          for (SchemaInfoObjectMember member : object.members()) {
            if (member.name().equals(step)) {
              next.add(member.type());
            }
          }
        }
      }
      current = next;
    }
    return current;
  }

  /** The object a type is, with its branches, through lists and alternates. */
  private Set<SchemaInfo.QmpObject> objects(String type) {
    Set<SchemaInfo.QmpObject> objects = new HashSet<>();
    Set<String> seen = new HashSet<>();
    Deque<String> left = new ArrayDeque<>(List.of(type));
    while (!left.isEmpty()) {
      String name = element(left.pop());
      if (!seen.add(name)) {
        continue;
      }
      SchemaInfo entry = types.get(name);
      if (entry instanceof SchemaInfo.QmpObject object) {
        objects.add(object);
        List<SchemaInfoObjectVariant> variants = object.variants();
        if (variants != null) {
          variants.forEach(variant -> left.push(variant.type()));
        }
      } else if (entry instanceof SchemaInfo.Alternate alternate) {
        for (SchemaInfoAlternateMember member : alternate.members()) {
          left.push(member.type());
        }
      }
    }
    return objects;
  }
}
