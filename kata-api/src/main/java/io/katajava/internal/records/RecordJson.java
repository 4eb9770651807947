package io.katajava.internal.records;

import io.katajava.internal.oci.Json;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Records as JSON and back, by their components, so that one with a new component needs nothing
 * here. A record of a sealed interface has its simple name as {@code "is"}. What is read passes the
 * records' own checks.
 */
public final class RecordJson {
  private static final String IS = "is";

  private RecordJson() {}

  /**
   * Writes a record.
   *
   * @param value the record
   * @return one line, with its end
   */
  public static String write(Record value) {
    StringBuilder out = new StringBuilder();
    write(value, value.getClass(), out);
    return out.append('\n').toString();
  }

  /**
   * Reads what {@link #write} wrote.
   *
   * @param <R> the record's type
   * @param type its class
   * @param text what was written
   * @return an equal record
   * @throws IllegalArgumentException when it is anything else
   */
  public static <R extends Record> R read(Class<R> type, String text) {
    try {
      return type.cast(present(read(Json.parse(text), type)));
    } catch (ClassCastException | NullPointerException | ArithmeticException e) {
      throw new IllegalArgumentException("it is no " + type.getSimpleName() + ": " + e, e);
    }
  }

  private static void write(@Nullable Object value, Type declared, StringBuilder out) {
    if (value instanceof Optional<?> optional) {
      write(optional.orElse(null), Object.class, out);
    } else if (value instanceof OptionalInt optional) {
      write(optional.isPresent() ? optional.getAsInt() : null, Object.class, out);
    } else if (value instanceof OptionalLong optional) {
      write(optional.isPresent() ? optional.getAsLong() : null, Object.class, out);
    } else if (value == null || value instanceof Number || value instanceof Boolean) {
      out.append(value);
    } else if (value instanceof Enum<?> constant) {
      text(constant.name(), out);
    } else if (value instanceof Record fields) {
      record(fields, declared instanceof Class<?> c && c.isSealed(), out);
    } else if (value instanceof Map<?, ?> map) {
      char separator = '{';
      for (Map.Entry<?, ?> entry : map.entrySet()) {
        out.append(separator);
        text(String.valueOf(entry.getKey()), out);
        out.append(':');
        write(entry.getValue(), Object.class, out);
        separator = ',';
      }
      out.append(map.isEmpty() ? "{}" : "}");
    } else if (value instanceof Collection<?> elements) {
      char separator = '[';
      for (Object element : elements) {
        out.append(separator);
        write(element, Object.class, out);
        separator = ',';
      }
      out.append(elements.isEmpty() ? "[]" : "]");
    } else {
      // Paths, durations, instants, characters: their text is read again.
      text(value.toString(), out);
    }
  }

  private static void record(Record value, boolean named, StringBuilder out) {
    out.append('{');
    String separator = "";
    if (named) {
      out.append('"').append(IS).append("\":");
      text(value.getClass().getSimpleName(), out);
      separator = ",";
    }
    for (RecordComponent component : value.getClass().getRecordComponents()) {
      out.append(separator);
      text(component.getName(), out);
      out.append(':');
      try {
        var accessor = component.getAccessor();
        accessor.setAccessible(true);
        write(accessor.invoke(value), component.getType(), out);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
      separator = ",";
    }
    out.append('}');
  }

  private static void text(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        out.append('\\').append(c);
      } else if (c < ' ') {
        out.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
      } else {
        out.append(c);
      }
    }
    out.append('"');
  }

  private static @Nullable Object read(@Nullable Object value, Type type) {
    if (type instanceof ParameterizedType generic) {
      return readGeneric(value, generic);
    }
    Class<?> raw = (Class<?>) type;
    if (raw == OptionalInt.class) {
      return value == null ? OptionalInt.empty() : OptionalInt.of(number(value).intValueExact());
    } else if (raw == OptionalLong.class) {
      return value == null ? OptionalLong.empty() : OptionalLong.of(number(value).longValueExact());
    } else if (raw == String.class || raw == boolean.class || raw == Boolean.class) {
      return value;
    } else if (value == null) {
      throw new IllegalArgumentException("a " + raw.getSimpleName() + " is missing");
    } else if (raw == int.class || raw == Integer.class) {
      return number(value).intValueExact();
    } else if (raw == long.class || raw == Long.class) {
      return number(value).longValueExact();
    } else if (raw == double.class || raw == Double.class) {
      return number(value).doubleValue();
    } else if (raw == char.class) {
      return ((String) value).charAt(0);
    } else if (raw == Path.class) {
      return Path.of((String) value);
    } else if (raw == Duration.class) {
      return Duration.parse((String) value);
    } else if (raw == Instant.class) {
      return Instant.parse((String) value);
    } else if (raw.isEnum()) {
      return constant(raw, (String) value);
    }
    return readRecord((Map<?, ?>) value, raw);
  }

  private static BigDecimal number(Object value) {
    return (BigDecimal) value;
  }

  private static Object constant(Class<?> type, String name) {
    for (Object constant : type.getEnumConstants()) {
      if (((Enum<?>) constant).name().equals(name)) {
        return constant;
      }
    }
    throw new IllegalArgumentException("'" + name + "' is no " + type.getSimpleName());
  }

  private static Object readGeneric(@Nullable Object value, ParameterizedType type) {
    Type[] arguments = type.getActualTypeArguments();
    if (type.getRawType() == Optional.class) {
      return value == null ? Optional.empty() : Optional.of(present(read(value, arguments[0])));
    } else if (type.getRawType() == Map.class) {
      Map<String, Object> map = new LinkedHashMap<>();
      ((Map<?, ?>) present(value))
          .forEach((key, one) -> map.put((String) key, present(read(one, arguments[1]))));
      return map;
    }
    List<Object> elements = new ArrayList<>();
    for (Object element : (List<?>) present(value)) {
      elements.add(present(read(element, arguments[0])));
    }
    return type.getRawType() == Set.class ? new LinkedHashSet<>(elements) : elements;
  }

  private static <T> T present(@Nullable T value) {
    if (value == null) {
      throw new IllegalArgumentException("a value is missing");
    }
    return value;
  }

  private static Object readRecord(Map<?, ?> members, Class<?> declared) {
    Class<?> type = declared;
    if (declared.isSealed()) {
      for (Class<?> permitted : declared.getPermittedSubclasses()) {
        if (permitted.getSimpleName().equals(members.get(IS))) {
          type = permitted;
        }
      }
    }
    if (!type.isRecord()) {
      throw new IllegalArgumentException("nothing can be read as " + declared.getName());
    }
    RecordComponent[] components = type.getRecordComponents();
    Class<?>[] types = new Class<?>[components.length];
    @Nullable Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      values[i] = read(members.get(components[i].getName()), components[i].getGenericType());
    }
    try {
      Constructor<?> constructor = type.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return constructor.newInstance(values);
    } catch (InvocationTargetException e) {
      throw new IllegalArgumentException(
          type.getSimpleName() + " refuses what was read: " + e.getCause(), e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
