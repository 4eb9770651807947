package io.katajava.image.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What pax headers say: POSIX.1-2017, pax. */
final class PaxRecords {
  private PaxRecords() {}

  /** Records of the form {@code LENGTH KEY=VALUE\n}; an empty value takes the key back. */
  static void parse(byte[] content, Map<String, String> into) throws IOException {
    String text = new String(content, StandardCharsets.ISO_8859_1);
    int at = 0;
    while (at < text.length()) {
      int space = text.indexOf(' ', at);
      int length = -1;
      if (space > at && space - at <= 7) {
        try {
          length = Integer.parseInt(text.substring(at, space));
        } catch (NumberFormatException e) {
          throw new InvalidLayerException("an extended header with a length that is no number");
        }
      }
      int end = at + length;
      int equals = space < 0 ? -1 : text.indexOf('=', space);
      if (length <= 0 || end > text.length() || text.charAt(end - 1) != '\n') {
        throw new InvalidLayerException("an extended header whose records do not fit it");
      }
      if (equals < 0 || equals >= end) {
        throw new InvalidLayerException("an extended header with a record without '='");
      }
      String value = text.substring(equals + 1, end - 1);
      if (value.isEmpty()) {
        into.remove(text.substring(space + 1, equals));
      } else {
        into.put(text.substring(space + 1, equals), value);
      }
      at = end;
    }
  }
}
