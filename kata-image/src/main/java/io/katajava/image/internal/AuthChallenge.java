package io.katajava.image.internal;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** The parameters of a {@code WWW-Authenticate} header (RFC 9110, 11.2). */
final class AuthChallenge {
  private AuthChallenge() {}

  static Map<String, String> parameters(String challenge) {
    Map<String, String> parameters = new LinkedHashMap<>();
    int at = challenge.indexOf(' ');
    while (at >= 0 && at < challenge.length()) {
      int equals = challenge.indexOf('=', at);
      if (equals < 0) {
        break;
      }
      String name = challenge.substring(at, equals).replace(',', ' ').strip();
      StringBuilder value = new StringBuilder();
      at = equals + 1;
      if (at < challenge.length() && challenge.charAt(at) == '"') {
        at++;
        while (at < challenge.length() && challenge.charAt(at) != '"') {
          if (challenge.charAt(at) == '\\' && at + 1 < challenge.length()) {
            at++;
          }
          value.append(challenge.charAt(at++));
        }
        at++;
      } else {
        while (at < challenge.length() && challenge.charAt(at) != ',') {
          value.append(challenge.charAt(at++));
        }
      }
      parameters.put(name.toLowerCase(Locale.ROOT), value.toString().strip());
    }
    return parameters;
  }
}
