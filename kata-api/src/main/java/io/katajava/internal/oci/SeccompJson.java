package io.katajava.internal.oci;

import io.katajava.agent.oci.OciSeccomp;
import io.katajava.agent.oci.OciSeccomp.Action;
import io.katajava.agent.oci.OciSeccomp.Argument;
import io.katajava.agent.oci.OciSeccomp.Operator;
import io.katajava.agent.oci.OciSeccomp.Rule;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads {@code linux.seccomp} of the OCI runtime specification 1.2. */
public final class SeccompJson {
  private static final long EPERM = 1;

  private SeccompJson() {}

  /**
   * Reads a profile.
   *
   * @param json an object with {@code defaultAction}
   * @return the filter
   * @throws IllegalArgumentException if it is none, or one that cannot be carried to the guest
   */
  public static OciSeccomp parse(String json) {
    Map<?, ?> profile = object(Json.parse(json), "the profile");
    known(
        profile,
        "the profile",
        Set.of("defaultAction", "defaultErrnoRet", "architectures", "flags", "syscalls"));
    Action action = action(profile.get("defaultAction"));
    if (action == Action.ERRNO && number(profile, "defaultErrnoRet").orElse(EPERM) != EPERM) {
      throw new IllegalArgumentException(
          "defaultErrnoRet other than 1 (EPERM) cannot be carried by the agent protocol");
    }
    return new OciSeccomp(
        action,
        strings(profile, "architectures"),
        strings(profile, "flags"),
        list(profile, "syscalls").stream().map(SeccompJson::rule).toList());
  }

  private static Rule rule(@Nullable Object value) {
    Map<?, ?> rule = object(value, "a rule");
    known(rule, "a rule", Set.of("names", "action", "errnoRet", "args", "comment"));
    List<String> names = strings(rule, "names");
    if (names.isEmpty()) {
      throw new IllegalArgumentException("a rule has no names");
    }
    return new Rule(
        names,
        action(rule.get("action")),
        number(rule, "errnoRet").map(Long::intValue),
        list(rule, "args").stream().map(SeccompJson::argument).toList());
  }

  private static Argument argument(@Nullable Object value) {
    Map<?, ?> argument = object(value, "an argument");
    known(argument, "an argument", Set.of("index", "value", "valueTwo", "op"));
    long index =
        number(argument, "index")
            .orElseThrow(() -> new IllegalArgumentException("an argument has no index"));
    if (index < 0 || index > 5) {
      throw new IllegalArgumentException("an argument's index is 0 to 5, got " + index);
    }
    return new Argument(
        (int) index,
        number(argument, "value").orElse(0L),
        number(argument, "valueTwo").orElse(0L),
        byName("op", argument.get("op"), Operator.values(), Operator::wireName));
  }

  private static Action action(@Nullable Object value) {
    return byName("action", value, Action.values(), Action::wireName);
  }

  private static <T> T byName(
      String what, @Nullable Object value, T[] all, Function<T, String> name) {
    return Arrays.stream(all)
        .filter(one -> name.apply(one).equals(value))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("'" + value + "' is no known seccomp " + what));
  }

  /** What is not understood must not be left out: the filter would be another one. */
  private static void known(Map<?, ?> object, String what, Set<String> names) {
    for (Map.Entry<?, ?> member : object.entrySet()) {
      Object value = member.getValue();
      boolean empty =
          value == null
              || (value instanceof List<?> list && list.isEmpty())
              || (value instanceof Map<?, ?> map && map.isEmpty());
      if (!names.contains(String.valueOf(member.getKey())) && !empty) {
        throw new IllegalArgumentException(
            what
                + " has '"
                + member.getKey()
                + "', which is not in the OCI specification or cannot be carried to the guest");
      }
    }
  }

  private static Map<?, ?> object(@Nullable Object value, String what) {
    if (value instanceof Map<?, ?> map) {
      return map;
    }
    throw new IllegalArgumentException(what + " is no object");
  }

  private static List<?> list(Map<?, ?> object, String name) {
    Object value = object.get(name);
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw new IllegalArgumentException(name + " is no list");
  }

  private static List<String> strings(Map<?, ?> object, String name) {
    return list(object, name).stream()
        .map(
            element -> {
              if (element instanceof String text) {
                return text;
              }
              throw new IllegalArgumentException(name + " holds something else than strings");
            })
        .toList();
  }

  /** Values are unsigned 64-bit numbers; a Java long carries the same bits. */
  private static Optional<Long> number(Map<?, ?> object, String name) {
    Object value = object.get(name);
    if (value == null) {
      return Optional.empty();
    }
    if (value instanceof BigDecimal decimal) {
      try {
        BigInteger whole = decimal.toBigIntegerExact();
        if (whole.signum() >= 0 && whole.bitLength() <= 64) {
          return Optional.of(whole.longValue());
        }
      } catch (ArithmeticException e) {
        throw new IllegalArgumentException(name + " is no whole number: " + value, e);
      }
    }
    throw new IllegalArgumentException(name + " is no unsigned number: " + value);
  }
}
