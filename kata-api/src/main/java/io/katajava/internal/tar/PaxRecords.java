package io.katajava.internal.tar;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** What pax headers say: POSIX.1-2017, pax. */
final class PaxRecords {
  private static final String SPARSE_OFFSET = "GNU.sparse.offset";
  private static final String SPARSE_LENGTH = "GNU.sparse.numbytes";
  private static final String SPARSE_MAP = "GNU.sparse.map";

  private PaxRecords() {}

  /**
   * Records of the form {@code LENGTH KEY=VALUE\n}; an empty value takes the key back. The oldest
   * map of a sparse file has two keys many times; it becomes the next one, which lists all of them.
   */
  static void parse(byte[] content, Map<String, String> into) throws IOException {
    String text = new String(content, StandardCharsets.ISO_8859_1);
    StringBuilder map = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      int space = text.indexOf(' ', at);
      int length = -1;
      if (space > at && space - at <= 7) {
        String digits = text.substring(at, space);
        if (!digits.matches("[0-9]+")) {
          throw new MalformedArchiveException("an extended header with a length that is no number");
        }
        length = Integer.parseInt(digits);
      }
      int end = at + length;
      int equals = space < 0 ? -1 : text.indexOf('=', space);
      if (length <= 0 || end > text.length() || text.charAt(end - 1) != '\n') {
        throw new MalformedArchiveException("an extended header whose records do not fit it");
      }
      if (equals < 0 || equals >= end) {
        throw new MalformedArchiveException("an extended header with a record without '='");
      }
      String key = text.substring(space + 1, equals);
      String value = text.substring(equals + 1, end - 1);
      if (key.equals(SPARSE_OFFSET) || key.equals(SPARSE_LENGTH)) {
        map.append(map.length() == 0 ? "" : ",").append(value);
      } else if (value.isEmpty()) {
        into.remove(key);
      } else {
        into.put(key, value);
      }
      at = end;
    }
    if (map.length() > 0) {
      into.put(SPARSE_MAP, map.toString());
    }
  }
}
