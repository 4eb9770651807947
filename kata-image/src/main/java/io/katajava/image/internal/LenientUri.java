package io.katajava.image.internal;

import io.katajava.base.text.PrintableText;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Addresses that registries send: a signed link may have characters in it that RFC 3986 wants
 * encoded, and clients are expected to do so.
 */
final class LenientUri {
  private static final Pattern HEAD =
      Pattern.compile("^(?:([A-Za-z][A-Za-z0-9+.-]*):)?(//[^/?#]*)?");
  private static final String ALLOWED = "-._~/?:@!$&'()*+,;=";

  private LenientUri() {}

  /** An address, maybe relative to another one; only of the web. */
  static URI resolve(URI base, String text) throws IOException {
    Matcher head = HEAD.matcher(text);
    int rest = head.find() ? head.end() : 0;
    String fragmentless = text.contains("#") ? text.substring(0, text.indexOf('#')) : text;
    String encoded =
        text.substring(0, Math.min(rest, fragmentless.length()))
            + encode(fragmentless.substring(Math.min(rest, fragmentless.length())));
    try {
      URI uri = base.resolve(new URI(encoded));
      String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
      if (!(scheme.equals("http") || scheme.equals("https")) || uri.getHost() == null) {
        throw malformed(text);
      }
      return uri;
    } catch (URISyntaxException e) {
      throw malformed(text);
    }
  }

  private static IOException malformed(String text) {
    return new IOException("'" + PrintableText.line(text, 300) + "' is not an address of the web");
  }

  private static String encode(String text) {
    StringBuilder out = new StringBuilder(text.length());
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < bytes.length; i++) {
      char c = (char) (bytes[i] & 0xff);
      boolean escape =
          c == '%' && i + 2 < bytes.length && isHex(bytes[i + 1]) && isHex(bytes[i + 2]);
      boolean plain = c < 0x80 && (Character.isLetterOrDigit(c) || ALLOWED.indexOf(c) >= 0);
      if (escape || plain) {
        out.append(c);
      } else {
        out.append(String.format(Locale.ROOT, "%%%02X", (int) c));
      }
    }
    return out.toString();
  }

  private static boolean isHex(byte b) {
    return Character.digit((char) b, 16) >= 0;
  }
}
