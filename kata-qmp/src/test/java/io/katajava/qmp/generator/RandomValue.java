package io.katajava.qmp.generator;

import io.katajava.json.JsonNull;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import io.katajava.qmp.OpenEnum;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/** Makes instances of generated classes, with everything optional there or not by chance. */
final class RandomValue {
  private final Random random;

  RandomValue(Random random) {
    this.random = random;
  }

  Record record(Class<?> type, int depth) throws ReflectiveOperationException {
    RecordComponent[] components = type.getRecordComponents();
    Object[] values = new Object[components.length];
    Class<?>[] types = new Class<?>[components.length];
    for (int i = 0; i < components.length; i++) {
      types[i] = components[i].getType();
      boolean nullable = components[i].getAnnotatedType().getAnnotations().length > 0;
      boolean absent = nullable && (depth <= 0 || random.nextInt(3) == 0);
      values[i] = absent ? null : value(type, components[i], depth);
    }
    return (Record) type.getDeclaredConstructor(types).newInstance(values);
  }

  private Object value(Class<?> owner, RecordComponent component, int depth)
      throws ReflectiveOperationException {
    if (owner.getSimpleName().equals("Other")
        && OpenEnum.class.isAssignableFrom(component.getType())) {
      return of(component.getType(), "none-of-the-branches");
    }
    return value(component.getGenericType(), depth);
  }

  private Object value(Type type, int depth) throws ReflectiveOperationException {
    if (type instanceof ParameterizedType list) {
      List<Object> elements = new ArrayList<>();
      for (int i = depth <= 0 ? 0 : random.nextInt(3); i > 0; i--) {
        elements.add(value(list.getActualTypeArguments()[0], depth - 1));
      }
      return elements;
    }
    Class<?> raw = (Class<?>) type;
    Object scalar = scalar(raw);
    if (scalar != null) {
      return scalar;
    }
    if (OpenEnum.class.isAssignableFrom(raw)) {
      Collection<?> known = (Collection<?>) raw.getMethod("known").invoke(null);
      return random.nextBoolean()
          ? of(raw, "something-new")
          : List.copyOf(known).get(random.nextInt(known.size()));
    }
    if (raw.isSealed()) {
      return record(branch(raw, depth), depth - 1);
    }
    return record(raw, depth - 1);
  }

  /** Deep down, a branch that needs nothing more: of an alternate, the text. */
  private Class<?> branch(Class<?> union, int depth) {
    Class<?>[] branches = union.getPermittedSubclasses();
    if (depth <= 0) {
      for (Class<?> branch : branches) {
        boolean text = branch.getRecordComponents()[0].getType() == String.class;
        if (branch.getSimpleName().equals("Other") || (text && !isUnion(branches))) {
          return branch;
        }
      }
    }
    return branches[random.nextInt(branches.length)];
  }

  private static boolean isUnion(Class<?>[] branches) {
    return branches[branches.length - 1].getSimpleName().equals("Other");
  }

  private static Object of(Class<?> type, String value) throws ReflectiveOperationException {
    return type.getMethod("of", String.class).invoke(null, value);
  }

  private @Nullable Object scalar(Class<?> type) {
    if (type == String.class) {
      return random.nextBoolean() ? "text" : "\"quoted\" \u00e9 \ud83d\ude00\n";
    } else if (type == boolean.class || type == Boolean.class) {
      return random.nextBoolean();
    } else if (type == long.class || type == Long.class) {
      // Members may be of 32 bits without sign, or of 64 with or without; all take these.
      return (long) random.nextInt(Integer.MAX_VALUE);
    } else if (type == int.class || type == Integer.class) {
      return random.nextInt(128);
    } else if (type == double.class || type == Double.class) {
      return random.nextDouble();
    } else if (type == JsonObject.class) {
      return JsonObject.EMPTY;
    } else if (type == JsonValue.class) {
      return JsonObject.builder().put("any", List.of(new JsonString("thing"))).build();
    } else if (type == JsonNull.class) {
      return JsonNull.INSTANCE;
    } else if (type == Instant.class) {
      return Instant.ofEpochSecond(Arrays.hashCode(new int[] {random.nextInt()}));
    }
    return null;
  }
}
