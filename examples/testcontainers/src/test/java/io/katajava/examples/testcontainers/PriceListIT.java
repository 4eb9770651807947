package io.katajava.examples.testcontainers;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.junit.testcontainers.KataContainer;
import io.katajava.wait.Wait;
import java.math.BigDecimal;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.testcontainers.images.builder.Transferable;
import org.testcontainers.junit.jupiter.Container;
import org.testcontainers.junit.jupiter.Testcontainers;

@Testcontainers
class PriceListIT {
  @Container
  static final KataContainer SHOP =
      new KataContainer("busybox")
          .withCommand("httpd", "-f", "-v", "-p", "8080", "-h", "/prices")
          .withCopyToContainer(Transferable.of("1.20"), "/prices/apple")
          .withExposedPorts(8080)
          .waitingFor(Wait.forHttp("/apple"));

  private PriceList prices;

  @BeforeEach
  void connect() {
    prices = new PriceList(SHOP.getHost(), SHOP.getMappedPort(8080));
  }

  @Test
  void price_ofAnApple_isWhatTheShopSays() throws Exception {
    assertThat(prices.price("apple")).contains(new BigDecimal("1.20"));
  }

  @Test
  void price_thatIsNew_isKnown() throws Exception {
    SHOP.execInContainer("sh", "-c", "echo 2.50 >/prices/pear");
    assertThat(prices.price("pear")).contains(new BigDecimal("2.50"));
  }

  @Test
  void price_ofWhatIsNotSold_isAbsent() throws Exception {
    assertThat(prices.price("melon")).isEmpty();
  }
}
