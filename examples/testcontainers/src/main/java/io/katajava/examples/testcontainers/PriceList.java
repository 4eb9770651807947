package io.katajava.examples.testcontainers;

import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;

/** Asks a shop for its prices over HTTP; what the test is about. */
public final class PriceList {
  private final URI shop;
  private final HttpClient client = HttpClient.newHttpClient();

  /**
   * The prices of a shop.
   *
   * @param host where it is
   * @param port where it listens
   */
  public PriceList(String host, int port) {
    this.shop = URI.create("http://" + host + ":" + port + "/");
  }

  /**
   * Asks for a price.
   *
   * @param product its name
   * @return the price; empty when the shop does not sell it
   * @throws IOException when the shop cannot be asked, or answers otherwise
   * @throws InterruptedException when the thread is interrupted
   */
  public Optional<BigDecimal> price(String product) throws IOException, InterruptedException {
    HttpResponse<String> answer =
        client.send(
            HttpRequest.newBuilder(shop.resolve(product)).build(),
            HttpResponse.BodyHandlers.ofString());
    return switch (answer.statusCode()) {
      case 200 -> Optional.of(new BigDecimal(answer.body().strip()));
      case 404 -> Optional.empty();
      default -> throw new IOException(answer.uri() + " answers with " + answer.statusCode());
    };
  }
}
