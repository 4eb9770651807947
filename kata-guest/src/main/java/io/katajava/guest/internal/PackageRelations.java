package io.katajava.guest.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names in a package's {@code Pre-Depends} and {@code Depends}. Format: deb-control(5). */
final class PackageRelations {
  private static final Pattern NAME = Pattern.compile("^\\s*([A-Za-z0-9][A-Za-z0-9.+-]*)");

  private PackageRelations() {}

  /** One list of alternatives for each thing that is needed; versions and architectures are cut. */
  static List<List<String>> of(Map<String, String> record) {
    List<List<String>> all = new ArrayList<>();
    for (String field : List.of("Pre-Depends", "Depends")) {
      for (String relation : record.getOrDefault(field, "").split(",", -1)) {
        List<String> alternatives = new ArrayList<>();
        for (String alternative : relation.split("\\|", -1)) {
          Matcher name = NAME.matcher(alternative);
          if (name.find()) {
            alternatives.add(name.group(1));
          }
        }
        if (!alternatives.isEmpty()) {
          all.add(alternatives);
        }
      }
    }
    return all;
  }
}
