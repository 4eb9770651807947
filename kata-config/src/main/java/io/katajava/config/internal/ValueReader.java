package io.katajava.config.internal;

import io.katajava.config.ConfigurationKey;
import io.katajava.config.ConfigurationKeys;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.Origin;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlArray;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/** From a TOML value to one of the key's type, within what the key allows. */
final class ValueReader {
  private final String path;
  private final ConfigurationKey key;
  private final Origin origin;
  private final Consumer<ConfigurationProblem> problems;

  ValueReader(
      String path, ConfigurationKey key, Origin origin, Consumer<ConfigurationProblem> problems) {
    this.path = path;
    this.key = key;
    this.origin = origin;
    this.problems = problems;
  }

  /** The value; empty when a problem was told. */
  Optional<Object> read(@Nullable Object value) {
    return switch (key.type()) {
      case STRINGS, INTEGERS -> array(value);
      case TABLES -> tables(value);
      default -> scalar(value).flatMap(typed -> allowed(typed, origin, path));
    };
  }

  private Optional<Object> scalar(@Nullable Object value) {
    Object typed =
        switch (key.type()) {
          case BOOLEAN -> value instanceof Boolean ? value : null;
          case INTEGER, INTEGERS -> value instanceof Long ? value : null;
          case FLOAT -> number(value);
          case STRING, STRINGS -> value instanceof String ? value : null;
          case TABLES -> null;
        };
    if (typed == null) {
      wrongType(origin, path, value);
    }
    return Optional.ofNullable(typed);
  }

  /** Written with a point or without; a negative zero is a zero. */
  private static @Nullable Object number(@Nullable Object value) {
    if (value instanceof Number number) {
      return Double.isFinite(number.doubleValue()) ? number.doubleValue() + 0.0 : null;
    }
    return null;
  }

  private Optional<Object> array(@Nullable Object value) {
    if (!(value instanceof TomlArray array)) {
      wrongType(origin, path, value);
      return Optional.empty();
    }
    List<Object> elements = new ArrayList<>();
    boolean right = true;
    for (int i = 0; i < array.size(); i++) {
      Object element = array.get(i);
      String elementPath = path + "[" + i + "]";
      Origin place = place(array.inputPositionOf(i));
      boolean typed =
          key.type() == io.katajava.config.ValueType.STRINGS
              ? element instanceof String
              : element instanceof Long;
      if (!typed) {
        wrongType(place, elementPath, element);
        right = false;
      } else if (allowed(element, place, elementPath).isEmpty()) {
        right = false;
      } else {
        elements.add(element);
      }
    }
    return right ? Optional.of(List.copyOf(elements)) : Optional.empty();
  }

  private Optional<Object> tables(@Nullable Object value) {
    if (!(value instanceof TomlArray array)) {
      wrongType(origin, path, value);
      return Optional.empty();
    }
    List<Map<String, Object>> rows = new ArrayList<>();
    boolean right = true;
    for (int i = 0; i < array.size(); i++) {
      Origin place = place(array.inputPositionOf(i));
      if (array.get(i) instanceof TomlTable table) {
        Optional<Map<String, Object>> row = row(table, path + "[" + i + "]", place);
        row.ifPresent(rows::add);
        right &= row.isPresent();
      } else {
        wrongType(place, path + "[" + i + "]", array.get(i));
        right = false;
      }
    }
    return right ? Optional.of(List.copyOf(rows)) : Optional.empty();
  }

  private Optional<Map<String, Object>> row(TomlTable table, String rowPath, Origin place) {
    String kind = path + "[]";
    Map<String, Object> row = new LinkedHashMap<>();
    boolean right = true;
    for (String name : table.keySet()) {
      Optional<ConfigurationKey> known = ConfigurationKeys.find(kind, name);
      if (known.isEmpty()) {
        problems.accept(
            ConfigurationProblem.warning(
                place(table.inputPositionOf(List.of(name))),
                rowPath + "." + TomlNames.bare(name),
                "is unknown and ignored",
                "",
                ""));
        continue;
      }
      Optional<Object> typed =
          new ValueReader(
                  rowPath + "." + name,
                  known.get(),
                  place(table.inputPositionOf(List.of(name))),
                  problems)
              .read(table.get(List.of(name)));
      typed.ifPresent(present -> row.put(name, present));
      right &= typed.isPresent();
    }
    for (ConfigurationKey required : ConfigurationKeys.of(kind)) {
      if (required.required() && !table.contains(List.of(required.name()))) {
        problems.accept(
            ConfigurationProblem.error(
                place, rowPath, "lacks " + required.name(), "", required.describeAllowed()));
        right = false;
      }
    }
    return right ? Optional.of(inOrder(kind, row)) : Optional.empty();
  }

  private static Map<String, Object> inOrder(String kind, Map<String, Object> row) {
    Map<String, Object> ordered = new LinkedHashMap<>();
    for (ConfigurationKey key : ConfigurationKeys.of(kind)) {
      Object value = row.get(key.name());
      if (value != null) {
        ordered.put(key.name(), value);
      }
    }
    return java.util.Collections.unmodifiableMap(ordered);
  }

  private Optional<Object> allowed(Object value, Origin place, String valuePath) {
    if (key.allowed().allows(value)) {
      return Optional.of(value);
    }
    String choices = String.join(", ", key.allowed().choices());
    problems.accept(
        ConfigurationProblem.error(
            place,
            valuePath,
            choices.isEmpty() ? "has a value that is not allowed" : "is not one of its values",
            shown(value),
            choices.isEmpty() ? key.describeAllowed() : choices));
    return Optional.empty();
  }

  private Origin place(@Nullable TomlPosition position) {
    return position == null
        ? origin
        : new Origin(origin.kind(), origin.place(), position.line(), position.column());
  }

  private void wrongType(Origin place, String valuePath, @Nullable Object value) {
    problems.accept(
        ConfigurationProblem.error(
            place, valuePath, "is of the wrong type", shown(value), key.describeAllowed()));
  }

  private String shown(@Nullable Object value) {
    return key.isSecret() ? "\"***\"" : describe(value);
  }

  /** What a value is, for people: its type, and the value when it is short. */
  static String describe(@Nullable Object value) {
    if (value instanceof String text) {
      return UrlCredentials.hidden(TomlNames.quoted(text));
    } else if (value instanceof TomlArray array) {
      return "an array of " + array.size();
    } else if (value instanceof TomlTable) {
      return "a table";
    } else if (value instanceof Long || value instanceof Double || value instanceof Boolean) {
      return value.toString();
    }
    return value == null ? "nothing" : "the date or time " + value;
  }
}
