package io.katajava.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A value set in Java, brought to the key's type. */
final class ProgramValue {
  private ProgramValue() {}

  static Object of(ConfigurationKey key, Object value) {
    Object typed = typed(key, value);
    if (key.type() != ValueType.TABLES && !key.allowed().allows(typed)) {
      throw new IllegalArgumentException(
          key.name() + " is " + key.describeAllowed() + ", got " + TomlText.of(typed));
    }
    return typed;
  }

  private static Object typed(ConfigurationKey key, Object value) {
    return switch (key.type()) {
      case BOOLEAN -> require(key, value, value instanceof Boolean);
      case STRING -> require(key, value, value instanceof String);
      case INTEGER ->
          value instanceof Integer small
              ? Long.valueOf(small)
              : require(key, value, value instanceof Long);
      case FLOAT -> {
        require(key, value, value instanceof Number);
        double number = ((Number) value).doubleValue() + 0.0; // A negative zero is a zero.
        yield require(key, number, Double.isFinite(number));
      }
      case STRINGS -> list(key, value, String.class);
      case INTEGERS -> list(key, value, Long.class);
      case TABLES -> tables(key, value);
    };
  }

  private static List<Object> list(ConfigurationKey key, Object value, Class<?> element) {
    require(
        key, value, value instanceof List<?> list && list.stream().allMatch(element::isInstance));
    return List.copyOf((List<?>) value);
  }

  private static List<Map<String, Object>> tables(ConfigurationKey key, Object value) {
    require(key, value, value instanceof List<?> l && l.stream().allMatch(Map.class::isInstance));
    String kind =
        key.hypervisors().isEmpty()
            ? key.table() + "." + key.name() + "[]"
            : "hypervisor.qemu." + key.name() + "[]";
    List<Map<String, Object>> rows = new ArrayList<>();
    for (Object row : (List<?>) value) {
      Map<?, ?> given = (Map<?, ?>) row;
      Map<String, Object> ordered = new LinkedHashMap<>();
      for (ConfigurationKey column : ConfigurationKeys.of(kind)) {
        Object cell = given.get(column.name());
        if (cell != null) {
          ordered.put(column.name(), of(column, cell));
        } else {
          require(key, value, !column.required());
        }
      }
      require(key, value, ordered.size() == given.size());
      rows.add(Collections.unmodifiableMap(ordered));
    }
    return List.copyOf(rows);
  }

  private static Object require(ConfigurationKey key, Object value, boolean right) {
    if (!right) {
      throw new IllegalArgumentException(
          key.name() + " is " + key.describeAllowed() + ", got " + value);
    }
    return value;
  }
}
