package io.katajava.config.internal;

import io.katajava.config.ConfigurationKey;
import io.katajava.config.ConfigurationProblem;
import io.katajava.config.Origin;
import io.katajava.config.ValueType;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlParseResult;

/** From an annotation's text to a value of the key's type. */
final class AnnotationValue {
  private static final int LONGEST = 1 << 16;
  private static final Pattern WITH_UNIT = Pattern.compile("-?\\d[\\d.]{0,18} ?[A-Za-z/]{1,8}");
  private static final Pattern SIZE =
      Pattern.compile("(\\d{1,15}(?:\\.\\d{1,6})?) ?([KkMmGgTt])(i?)[Bb]?");
  private static final Set<String> TRUE = Set.of("1", "t", "T", "true", "TRUE", "True");
  private static final Set<String> FALSE = Set.of("0", "f", "F", "false", "FALSE", "False");

  private final ConfigurationKey key;
  private final Origin origin;
  private final Optional<Object> before;
  private final Consumer<ConfigurationProblem> problems;

  AnnotationValue(
      ConfigurationKey key,
      Origin origin,
      Optional<Object> before,
      Consumer<ConfigurationProblem> problems) {
    this.key = key;
    this.origin = origin;
    this.before = before;
    this.problems = problems;
  }

  Optional<Object> read(String text) {
    if (text.length() > LONGEST) {
      tell("is too long", text.length() + " characters", "at most " + LONGEST);
      return Optional.empty();
    }
    if (key.type() == ValueType.TABLES) {
      problems.accept(
          ConfigurationProblem.warning(
              origin, "", "is ignored: tables are read from files only", "", ""));
      return Optional.empty();
    }
    Object typed = typed(text);
    if (typed == null) {
      boolean unit = key.type() == ValueType.INTEGER && WITH_UNIT.matcher(text).matches();
      tell(
          unit ? "takes a number without a unit" : "is of the wrong type",
          shown(text),
          key.describeAllowed());
      return Optional.empty();
    }
    if (!key.allowed().allows(typed) || !annotationAllows(typed)) {
      tell("has a value that is not allowed", shown(text), allowed());
      return Optional.empty();
    }
    return Optional.of(merged(typed));
  }

  /** Bounds that hold for annotations only. */
  private boolean annotationAllows(Object typed) {
    return switch (key.name()) {
      case "indep_iothreads" -> (Long) typed >= 1 && (Long) typed <= 50;
      case "shared_fs" -> typed.equals("virtio-fs") || typed.equals("virtio-9p");
      default -> true;
    };
  }

  private String allowed() {
    return switch (key.name()) {
      case "indep_iothreads" -> "an integer from 1 to 50";
      case "shared_fs" -> "virtio-fs, virtio-9p";
      default -> key.describeAllowed();
    };
  }

  private @Nullable Object typed(String text) {
    try {
      return switch (key.type()) {
        case BOOLEAN ->
            TRUE.contains(text) ? Boolean.TRUE : FALSE.contains(text) ? Boolean.FALSE : null;
        case INTEGER -> integer(text);
        case FLOAT -> finite(Double.valueOf(text));
        case STRING -> key.name().equals("policy") ? base64(text) : text;
        case STRINGS -> strings(text);
        case INTEGERS, TABLES -> null;
      };
    } catch (NumberFormatException e) {
      return null;
    }
  }

  /** Only the size of the memory may have a unit, as for runtime-rs: KiB and kB, and so on. */
  private @Nullable Long integer(String text) {
    Matcher sized = SIZE.matcher(text);
    if (!key.name().equals("default_memory") || !sized.matches()) {
      return Long.valueOf(text);
    }
    int power = 1 + "KMGT".indexOf(sized.group(2).toUpperCase(Locale.ROOT));
    double unit = Math.pow(sized.group(3).isEmpty() ? 1000 : 1024, power);
    double mebibytes = Double.parseDouble(sized.group(1)) * unit / (1 << 20);
    return (long) Math.min(mebibytes, Long.MAX_VALUE);
  }

  private String shown(String text) {
    return key.isSecret() ? "\"***\"" : UrlCredentials.hidden(TomlNames.quoted(text));
  }

  private static @Nullable Double finite(Double number) {
    return Double.isFinite(number) ? number : null;
  }

  private static @Nullable String base64(String text) {
    try {
      return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private @Nullable List<String> strings(String text) {
    return switch (key.name()) {
      case "virtio_fs_extra_args" -> jsonArray(text);
      case "kernel_modules" -> parts(text, ";");
      default -> parts(text, "[ ,]+");
    };
  }

  private static List<String> parts(String text, String separator) {
    return Arrays.stream(text.split(separator, -1))
        .map(String::strip)
        .filter(part -> !part.isEmpty())
        .toList();
  }

  /** JSON's array of strings is one of TOML, too. */
  private static @Nullable List<String> jsonArray(String text) {
    if (NestingScan.tooDeep(text) != null) {
      return null;
    }
    TomlParseResult parsed;
    try {
      parsed = Toml.parse("v = " + text);
    } catch (RuntimeException | AssertionError e) {
      // As in TomlSource: the parser does not foresee everything.
      return null;
    }
    if (parsed.hasErrors() || parsed.size() != 1 || !(parsed.get("v") instanceof TomlArray array)) {
      return null;
    }
    List<String> strings = new ArrayList<>();
    for (Object element : array.toList()) {
      if (!(element instanceof String string)) {
        return null;
      }
      strings.add(string);
    }
    return strings;
  }

  /** Some annotations add to what the file says. */
  private Object merged(Object typed) {
    if (key.name().equals("kernel_params") && before.isPresent()) {
      return KernelParameterMerge.of((String) before.get(), (String) typed);
    } else if (key.name().equals("virtio_fs_extra_args") && before.isPresent()) {
      List<Object> all = new ArrayList<>((List<?>) before.get());
      all.addAll((List<?>) typed);
      return List.copyOf(all);
    }
    return typed instanceof List<?> list ? List.copyOf(list) : typed;
  }

  private void tell(String what, String found, String allowed) {
    problems.accept(ConfigurationProblem.error(origin, "", what, found, allowed));
  }
}
