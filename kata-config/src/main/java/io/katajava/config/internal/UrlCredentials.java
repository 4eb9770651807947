package io.katajava.config.internal;

import java.util.regex.Pattern;

/** User and password before the host of a URL, which are nobody's to read in a message. */
public final class UrlCredentials {
  private static final Pattern BEFORE_HOST =
      Pattern.compile("([A-Za-z][A-Za-z0-9+.-]{0,30}://)[^/@\\s\"']{1,1000}@");

  private UrlCredentials() {}

  /**
   * The text without them.
   *
   * @param text any text
   * @return the same, with stars in their place
   */
  public static String hidden(String text) {
    return BEFORE_HOST.matcher(text).replaceAll("$1***@");
  }
}
