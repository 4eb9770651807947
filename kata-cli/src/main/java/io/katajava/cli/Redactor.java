package io.katajava.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes secrets out of text that leaves the machine: values of names that sound like secrets,
 * credentials in addresses and headers, private keys, and, wherever they occur, the values of this
 * process's environment variables that sound like secrets.
 */
final class Redactor {
  static final String REDACTED = "<redacted>";

  /** Bounded: a guest's console may be made to be slow to search. */
  private static final String SECRET_NAME =
      "[A-Za-z0-9_.-]{0,64}(?:passw(?:or)?d|passphrase|secret|token|api[_-]?key|access[_-]?key"
          + "|private[_-]?key|credential|authorization|cookie)[A-Za-z0-9_.-]{0,64}";

  /** {@code name = "value"}, {@code name: value}, {@code "name": "value"}, {@code name=value}. */
  private static final Pattern ASSIGNMENT =
      Pattern.compile(
          "(?i)(\"?\\b"
              + SECRET_NAME
              + "\"?\\s*[=:]\\s*)(\"[^\"\\\\\\n"
              + "]*+(?:\\\\.[^\"\\\\\\n"
              + "]*+)*+\"|'[^'\\n"
              + "]*'|(?:Bearer|Basic)\\s+[^\\s,;\"']+|[^\\s,;\"']+)");

  /** {@code --password VALUE}. */
  private static final Pattern ARGUMENT =
      Pattern.compile("(?i)(--?" + SECRET_NAME + "\\s+)(\"[^\"\\n]*\"|'[^'\\n]*'|[^\\s\"']+)");

  private static final Pattern SCHEME =
      Pattern.compile("(?i)\\b((?:Bearer|Basic)\\s+)[A-Za-z0-9._~+/=-]{8,}");

  private static final Pattern USER_INFO = Pattern.compile("(://)[^/\\s:@\"']+:[^/\\s@\"']*@");

  /** QEMU's {@code -object secret,id=x,data=...}. */
  private static final Pattern QEMU_SECRET =
      Pattern.compile("(\\bsecret(?:_keyring)?,[^\\s\"']{0,200}?\\bdata=)[^,\\s\"']+");

  private static final Pattern PRIVATE_KEY =
      Pattern.compile(
          "-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\\z)",
          Pattern.DOTALL);

  private static final Pattern SECRET_VARIABLE = Pattern.compile("(?i)" + SECRET_NAME);

  /** Shorter values would be found in innocent words. */
  private static final int SHORTEST_VALUE = 6;

  private final List<String> values = new ArrayList<>();

  Redactor(Map<String, String> environment) {
    environment.forEach(
        (name, value) -> {
          if (SECRET_VARIABLE.matcher(name).matches() && value.length() >= SHORTEST_VALUE) {
            values.add(value);
          }
        });
    // A value that contains another must go first.
    values.sort(Comparator.comparing(String::length).reversed());
  }

  String redact(String text) {
    String clean = text;
    for (String value : values) {
      clean = clean.replace(value, REDACTED);
    }
    clean = PRIVATE_KEY.matcher(clean).replaceAll(REDACTED);
    clean = SCHEME.matcher(clean).replaceAll("$1" + REDACTED);
    clean = USER_INFO.matcher(clean).replaceAll("$1" + REDACTED + "@");
    clean = QEMU_SECRET.matcher(clean).replaceAll("$1" + REDACTED);
    clean = ARGUMENT.matcher(clean).replaceAll("$1" + REDACTED);
    return ASSIGNMENT.matcher(clean).replaceAll(Redactor::withoutValue);
  }

  /** Quotes stay, so that TOML and JSON stay what they are. */
  private static String withoutValue(MatchResult matcher) {
    String value = matcher.group(2);
    char first = value.charAt(0);
    String quote = first == '"' || first == '\'' ? String.valueOf(first) : "";
    return Matcher.quoteReplacement(matcher.group(1) + quote + REDACTED + quote);
  }
}
