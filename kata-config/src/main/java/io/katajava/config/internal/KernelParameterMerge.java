package io.katajava.config.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** Parameters of an annotation take the place of those with the same name. */
final class KernelParameterMerge {
  private KernelParameterMerge() {}

  static String of(String base, String added) {
    List<String> later = KernelParameterText.split(added);
    Set<String> names = later.stream().map(KernelParameterMerge::name).collect(Collectors.toSet());
    List<String> all = new ArrayList<>(KernelParameterText.split(base));
    all.removeIf(parameter -> names.contains(name(parameter)));
    all.addAll(later);
    return String.join(" ", all);
  }

  private static String name(String parameter) {
    int equals = parameter.indexOf('=');
    return equals < 0 ? parameter : parameter.substring(0, equals);
  }
}
