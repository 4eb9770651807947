package io.katajava.internal.cards;

import io.katajava.PublishedPort;
import io.katajava.base.text.PrintableText;
import io.katajava.spi.ImageConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ports as images expose them: {@code 80}, {@code 80/tcp}, {@code 53/udp}, and ranges, which
 * Docker's specification of images does not have but its builder once wrote.
 */
public final class ExposedPorts {
  private static final Logger log = LoggerFactory.getLogger(ExposedPorts.class);
  private static final Pattern PORT = Pattern.compile("(\\d{1,5})(?:-(\\d{1,5}))?(?:/(tcp|udp))?");

  /** An image is not to take all ports of the host. */
  private static final int MOST = 256;

  private ExposedPorts() {}

  /** Those that can be published; what cannot is told in the log. */
  public static List<PublishedPort> of(ImageConfig config) {
    List<PublishedPort> ports = new ArrayList<>();
    for (String text : config.exposedPorts()) {
      Matcher matcher = PORT.matcher(text.toLowerCase(Locale.ROOT));
      int first = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
      int last =
          first == 0 || matcher.group(2) == null ? first : Integer.parseInt(matcher.group(2));
      if (first < 1 || last > 65535 || last < first || ports.size() + last - first >= MOST) {
        log.warn("port '{}' that the image exposes is not published", PrintableText.line(text));
        continue;
      }
      for (int port = first; port <= last; port++) {
        ports.add(
            "udp".equals(matcher.group(3)) ? PublishedPort.udp(port) : PublishedPort.tcp(port));
      }
    }
    return ports;
  }
}
