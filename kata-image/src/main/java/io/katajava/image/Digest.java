package io.katajava.image;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/**
 * A digest, by which content is addressed, as the OCI image specification defines it.
 *
 * @param algorithm {@code sha256} or {@code sha512}
 * @param hex the hash in lower-case hexadecimal digits
 */
public record Digest(String algorithm, String hex) {

  /**
   * Checks both parts.
   *
   * @throws IllegalArgumentException if the algorithm is another one, or the digits do not fit it
   */
  public Digest {
    int digits =
        switch (algorithm) {
          case "sha256" -> 64;
          case "sha512" -> 128;
          default ->
              throw new IllegalArgumentException(
                  "a digest is of sha256 or sha512, got '" + algorithm + "'");
        };
    if (hex.length() != digits || !isLowerHex(hex)) {
      throw new IllegalArgumentException(
          "a digest of " + algorithm + " has " + digits + " hexadecimal digits, got '" + hex + "'");
    }
  }

  /**
   * Reads {@code sha256:0123…}.
   *
   * @param text the digest
   * @return the digest
   * @throws IllegalArgumentException if it is malformed or of an algorithm that is not known
   */
  public static Digest parse(String text) {
    int colon = text.indexOf(':');
    if (colon < 0) {
      throw new IllegalArgumentException(
          "a digest is written ALGORITHM:HEX, got '" + shortened(text) + "'");
    }
    return new Digest(text.substring(0, colon), text.substring(colon + 1));
  }

  /**
   * The SHA-256 digest of bytes.
   *
   * @param content the bytes
   * @return their digest
   */
  public static Digest sha256(byte[] content) {
    MessageDigest hash = hash("sha256");
    hash.update(content);
    return new Digest("sha256", HexFormat.of().formatHex(hash.digest()));
  }

  /**
   * Begins the hash of content that is to be compared with this digest.
   *
   * @return a fresh hash
   */
  public MessageDigest newHash() {
    return hash(algorithm);
  }

  /**
   * The first digits, as people name an image.
   *
   * @return 12 digits
   */
  public String shortHex() {
    return hex.substring(0, 12);
  }

  private static MessageDigest hash(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm.toUpperCase(Locale.ROOT).replace("SHA", "SHA-"));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java runtime has " + algorithm, e);
    }
  }

  private static boolean isLowerHex(String text) {
    return text.chars().allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
  }

  private static String shortened(String text) {
    return text.length() <= 100 ? text : text.substring(0, 100) + "…";
  }

  @Override
  public String toString() {
    return algorithm + ":" + hex;
  }
}
