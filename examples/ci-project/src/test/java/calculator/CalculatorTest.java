package calculator;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.NetworkInterface;
import org.junit.jupiter.api.Test;

class CalculatorTest {
  @Test
  void add_twoNumbers_isTheirSum() {
    assertEquals(42, Calculator.add(20, 22));
  }

  @Test
  void add_tooLarge_isRefused() {
    assertThrows(ArithmeticException.class, () -> Calculator.add(Integer.MAX_VALUE, 1));
  }

  /** Holds in the fresh machine, not on a developer's. */
  @Test
  void machine_hasNoNetwork() throws Exception {
    assertTrue(NetworkInterface.networkInterfaces().allMatch(CalculatorTest::isLoopback));
  }

  private static boolean isLoopback(NetworkInterface network) {
    return network.getName().equals("lo");
  }
}
