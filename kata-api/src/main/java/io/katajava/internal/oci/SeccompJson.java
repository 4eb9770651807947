package io.katajava.internal.oci;

import io.katajava.Seccomp;
import io.katajava.Seccomp.ByCapability.Entry;
import io.katajava.agent.oci.OciCapability;
import io.katajava.agent.oci.OciSeccomp;
import io.katajava.agent.oci.OciSeccomp.Action;
import io.katajava.agent.oci.OciSeccomp.Argument;
import io.katajava.agent.oci.OciSeccomp.Operator;
import io.katajava.agent.oci.OciSeccomp.Rule;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code linux.seccomp} of the OCI runtime specification 1.2, and what Docker and Podman make
 * it of: rules for some architectures, capabilities and kernels only.
 */
public final class SeccompJson {
  /**
   * The oldest guest our agent runs in: it forks into a cgroup (Linux 5.7). A rule for newer ones
   * than this would have to know the guest.
   */
  private static final List<Integer> OLDEST_KERNEL = List.of(5, 7);

  private static final Pattern KERNEL = Pattern.compile("([0-9]{1,4})\\.([0-9]{1,4})(\\.[0-9]+)?");

  private static final String CAPABILITY = "CAP_";

  /** How Docker and Podman write the guest's architecture, which is this host's. */
  private final String architecture;

  /** How libseccomp does. */
  private final String libseccomp;

  private SeccompJson(String machine) {
    boolean arm = machine.equals("aarch64") || machine.equals("arm64");
    this.architecture = arm ? "arm64" : "amd64";
    this.libseccomp = arm ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";
  }

  /**
   * Reads a profile.
   *
   * @param json an object with {@code defaultAction}
   * @return the profile, for guests of this host's architecture
   * @throws IllegalArgumentException if it is none, or one that cannot be carried to the guest
   */
  public static Seccomp parse(String json) {
    return parse(json, System.getProperty("os.arch", ""));
  }

  static Seccomp parse(String json, String machine) {
    return new SeccompJson(machine).profile(Json.parse(json));
  }

  private Seccomp profile(@Nullable Object value) {
    Map<?, ?> profile = object(value, "the profile");
    known(
        profile,
        "the profile",
        Set.of(
            "defaultAction",
            "defaultErrnoRet",
            "defaultErrno",
            "architectures",
            "archMap",
            "flags",
            "syscalls",
            "comment"));
    List<Entry> entries =
        list(profile, "syscalls").stream().map(this::entry).flatMap(Optional::stream).toList();
    boolean plain = entries.stream().allMatch(Entry::isUnconditional);
    OciSeccomp filter =
        new OciSeccomp(
            action(profile.get("defaultAction")),
            errno(profile, "defaultErrnoRet", "defaultErrno"),
            architectures(profile),
            strings(profile, "flags"),
            plain ? entries.stream().map(Entry::rule).toList() : List.of());
    return plain ? Seccomp.of(filter) : new Seccomp.ByCapability(filter, entries);
  }

  private List<String> architectures(Map<?, ?> profile) {
    List<String> listed = strings(profile, "architectures");
    List<?> map = list(profile, "archMap");
    if (!listed.isEmpty() && !map.isEmpty()) {
      throw new IllegalArgumentException("the profile has both architectures and archMap");
    }
    List<String> all = new ArrayList<>(listed);
    for (Object value : map) {
      Map<?, ?> one = object(value, "an entry of archMap");
      known(one, "an entry of archMap", Set.of("architecture", "subArchitectures"));
      if (libseccomp.equals(one.get("architecture"))) {
        all.add(libseccomp);
        all.addAll(strings(one, "subArchitectures"));
      }
    }
    return all;
  }

  /** Empty for a rule that is not for this guest. */
  private Optional<Entry> entry(@Nullable Object value) {
    Map<?, ?> rule = object(value, "a rule");
    known(
        rule,
        "a rule",
        Set.of(
            "names",
            "name",
            "action",
            "errnoRet",
            "errno",
            "args",
            "comment",
            "includes",
            "excludes"));
    Map<?, ?> includes = condition(rule, "includes");
    Map<?, ?> excludes = condition(rule, "excludes");
    List<String> only = strings(includes, "arches");
    Entry entry =
        new Entry(
            rule(rule), capabilities(includes, "includes"), capabilities(excludes, "excludes"));
    boolean counts =
        (only.isEmpty() || only.contains(architecture))
            && !strings(excludes, "arches").contains(architecture)
            && kernel(includes).orElse(true)
            && !kernel(excludes).orElse(false);
    return counts ? Optional.of(entry) : Optional.empty();
  }

  private static Map<?, ?> condition(Map<?, ?> rule, String name) {
    Object value = rule.get(name);
    Map<?, ?> condition = value == null ? Map.of() : object(value, name);
    known(condition, name, Set.of("arches", "caps", "minKernel"));
    return condition;
  }

  /** Whether every guest is at least as new as the condition says; empty where it says nothing. */
  private static Optional<Boolean> kernel(Map<?, ?> condition) {
    Object value = condition.get("minKernel");
    if (value == null || value.equals("")) {
      return Optional.empty();
    }
    Matcher version = KERNEL.matcher(String.valueOf(value));
    if (!version.matches()) {
      throw new IllegalArgumentException(
          "'" + value + "' is no minKernel, which is a version as 4.8");
    }
    int major = Integer.parseInt(version.group(1));
    int minor = Integer.parseInt(version.group(2));
    int oldest = OLDEST_KERNEL.get(0);
    if (major > oldest || (major == oldest && minor > OLDEST_KERNEL.get(1))) {
      throw new IllegalArgumentException(
          "a rule with minKernel "
              + value
              + " cannot be kept: which kernel a guest has is not known beforehand, only that it is"
              + " "
              + oldest
              + "."
              + OLDEST_KERNEL.get(1)
              + " or newer");
    }
    return Optional.of(true);
  }

  private static Set<OciCapability> capabilities(Map<?, ?> condition, String what) {
    Set<OciCapability> all = EnumSet.noneOf(OciCapability.class);
    for (String name : strings(condition, "caps")) {
      String plain = name.startsWith(CAPABILITY) ? name : CAPABILITY + name;
      all.add(
          byName("capability in " + what, plain, OciCapability.values(), OciCapability::wireName));
    }
    return all;
  }

  private static Rule rule(Map<?, ?> rule) {
    List<String> names = new ArrayList<>(strings(rule, "names"));
    Object name = rule.get("name");
    if (name instanceof String one && !one.isEmpty()) {
      if (!names.isEmpty()) {
        throw new IllegalArgumentException("a rule has both name and names");
      }
      names.add(one);
    } else if (name != null && !name.equals("")) {
      throw new IllegalArgumentException("name is no string");
    }
    if (names.isEmpty()) {
      throw new IllegalArgumentException("a rule has no names");
    }
    return new Rule(
        names,
        action(rule.get("action")),
        errno(rule, "errnoRet", "errno"),
        list(rule, "args").stream().map(SeccompJson::argument).toList());
  }

  /** By number, by name, or, as Podman has it, by both. */
  private static Optional<Integer> errno(Map<?, ?> object, String byNumber, String byName) {
    Optional<Integer> number = number(object, byNumber).map(value -> errno(byNumber, value));
    Object text = object.get(byName);
    if (text == null || text.equals("")) {
      return number;
    }
    @Nullable Integer named = Errnos.NUMBERS.get(String.valueOf(text));
    if (named == null) {
      throw new IllegalArgumentException(
          "'" + text + "' is no " + byName + " known here; say it as a number in " + byNumber);
    }
    if (number.isPresent() && !number.get().equals(named)) {
      throw new IllegalArgumentException(
          byName + " " + text + " is " + named + ", but " + byNumber + " is " + number.get());
    }
    return Optional.of(named);
  }

  private static int errno(String what, long value) {
    if (value < 0 || value > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(what + " is no errno: " + Long.toUnsignedString(value));
    }
    return (int) value;
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
                + "', which neither the OCI specification nor Docker and Podman have");
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
