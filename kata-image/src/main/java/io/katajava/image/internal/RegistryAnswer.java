package io.katajava.image.internal;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An answer whose body is still to be read. */
final class RegistryAnswer implements AutoCloseable {
  private final HttpResponse<InputStream> response;
  private final WatchedBody body;
  private final Set<WatchedBody> open;

  RegistryAnswer(HttpResponse<InputStream> response, WatchedBody body, Set<WatchedBody> open) {
    this.response = response;
    this.body = body;
    this.open = open;
    open.add(body);
  }

  int status() {
    return response.statusCode();
  }

  Optional<String> header(String name) {
    return response.headers().firstValue(name);
  }

  List<String> headers(String name) {
    return response.headers().allValues(name);
  }

  InputStream body() {
    return body;
  }

  @Override
  public void close() throws IOException {
    open.remove(body);
    body.close();
  }

  /** Seconds, or a date (RFC 9110, 10.2.3); null when the registry says neither. */
  @Nullable Duration retryAfter() {
    String text = header("Retry-After").orElse("").strip();
    try {
      if (text.matches("\\d{1,9}")) {
        return Duration.ofSeconds(Long.parseLong(text));
      }
      Duration until =
          Duration.between(
              Instant.now(), ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME));
      return until.isNegative() ? Duration.ZERO : until;
    } catch (DateTimeException e) {
      return null;
    }
  }
}
