package io.katajava.internal.tar;

import java.io.IOException;
import java.nio.charset.StandardCharsets;

/** The block of 512 bytes that an entry of an archive begins with. */
final class TarHeader {
  private final byte[] bytes;

  /** A view of a block, which changes with the next entry. */
  TarHeader(byte[] bytes) {
    this.bytes = bytes;
  }

  String field(int at, int length) {
    int end = at;
    while (end < at + length && bytes[end] != 0) {
      end++;
    }
    return new String(bytes, at, end - at, StandardCharsets.ISO_8859_1);
  }

  /** Octal digits, or with the top bit set a big-endian number. */
  long number(int at, int length) throws IOException {
    if ((bytes[at] & 0x80) != 0) {
      if (length > 8) {
        for (int i = at + 1; i < at + length - 8; i++) {
          if (bytes[i] != 0 && bytes[i] != -1) {
            throw new MalformedArchiveException("a number that is larger than 63 bits");
          }
        }
      }
      long value = (bytes[at] & 0x40) != 0 ? -1 : bytes[at] & 0x3f;
      for (int i = Math.max(at + 1, at + length - 8); i < at + length; i++) {
        value = value << 8 | (bytes[i] & 0xff);
      }
      return value;
    }
    String text = field(at, length).strip();
    if (text.isEmpty()) {
      return 0;
    }
    long value = 0;
    for (int i = 0; i < text.length(); i++) {
      int digit = text.charAt(i) - '0';
      // No sign either, which Java's own parser would take.
      if (digit < 0 || digit > 7) {
        throw new MalformedArchiveException(
            "a number field with '" + MalformedArchiveException.readable(text) + "'");
      }
      value = value << 3 | digit;
    }
    return value;
  }

  void checkSum() throws IOException {
    long expected = number(148, 8);
    long sum = 0;
    long signed = 0;
    for (int i = 0; i < TarWriter.BLOCK; i++) {
      sum += i >= 148 && i < 156 ? ' ' : bytes[i] & 0xff;
      signed += i >= 148 && i < 156 ? ' ' : bytes[i];
    }
    // Some old writers summed signed bytes.
    if (sum != expected && signed != expected) {
      throw new MalformedArchiveException(
          "a header whose checksum is wrong; this is no tar archive, or a damaged one");
    }
  }

  boolean isZero() {
    for (byte b : bytes) {
      if (b != 0) {
        return false;
      }
    }
    return true;
  }

  String name() {
    String name = field(0, 100);
    String prefix = isUstar() ? field(345, 155) : "";
    return prefix.isEmpty() ? name : prefix + "/" + name;
  }

  boolean isGnu() {
    return field(257, 8).equals("ustar  ");
  }

  private boolean isUstar() {
    // GNU's own header has other things where ustar has the prefix.
    return bytes[257] == 'u' && bytes[258] == 's' && bytes[262] == 0;
  }
}
