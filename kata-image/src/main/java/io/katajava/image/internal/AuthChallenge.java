package io.katajava.image.internal;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * One way to say who one is, as a {@code WWW-Authenticate} header names it (RFC 9110, 11.6.1). A
 * header may name several, and there may be several headers.
 *
 * @param scheme such as {@code bearer}, in lower case
 * @param parameters by name, in lower case
 */
record AuthChallenge(String scheme, Map<String, String> parameters) {

  /** All challenges of all headers, in their order; what is malformed ends its header. */
  static List<AuthChallenge> parse(List<String> headers) {
    List<AuthChallenge> all = new ArrayList<>();
    for (String header : headers) {
      new Parser(header).parse(all);
    }
    return all;
  }

  private static final class Parser {
    private final String text;
    private int at;

    Parser(String text) {
      this.text = text;
    }

    void parse(List<AuthChallenge> all) {
      while (skip(", \t")) {
        String word = token();
        if (word.isEmpty()) {
          return;
        }
        skip(" \t");
        boolean parameter = at < text.length() && text.charAt(at) == '=';
        if (parameter && !all.isEmpty()) {
          at++;
          skip(" \t");
          AuthChallenge last = all.get(all.size() - 1);
          last.parameters().putIfAbsent(word.toLowerCase(Locale.ROOT), value());
        } else if (parameter) {
          return;
        } else {
          all.add(new AuthChallenge(word.toLowerCase(Locale.ROOT), new LinkedHashMap<>()));
          credentials();
        }
      }
    }

    /**
     * A scheme may be followed by one text that is no parameter, such as {@code Negotiate oYH=}.
     */
    private void credentials() {
      int begin = at;
      while (at < text.length() && text.charAt(at) != ',' && text.charAt(at) != ' ') {
        at++;
      }
      String word = text.substring(begin, at);
      int equals = word.indexOf('=');
      boolean padding = equals >= 0 && word.substring(equals).chars().allMatch(c -> c == '=');
      boolean alone = at == text.length() || text.charAt(at) == ',';
      if (!alone || (equals >= 0 && !padding)) {
        // It is the first parameter.
        at = begin;
      }
    }

    /** Passes over any of these; false at the end. */
    private boolean skip(String characters) {
      while (at < text.length() && characters.indexOf(text.charAt(at)) >= 0) {
        at++;
      }
      return at < text.length();
    }

    private String token() {
      int begin = at;
      while (at < text.length() && " \t,=\"".indexOf(text.charAt(at)) < 0) {
        at++;
      }
      return text.substring(begin, at);
    }

    private String value() {
      StringBuilder value = new StringBuilder();
      if (at < text.length() && text.charAt(at) == '"') {
        at++;
        while (at < text.length() && text.charAt(at) != '"') {
          if (text.charAt(at) == '\\' && at + 1 < text.length()) {
            at++;
          }
          value.append(text.charAt(at++));
        }
        at++;
      } else {
        while (at < text.length() && text.charAt(at) != ',') {
          value.append(text.charAt(at++));
        }
      }
      return value.toString().strip();
    }
  }
}
