package hello;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.katajava.Sandbox;
import io.katajava.junit.Sandboxed;
import org.junit.jupiter.api.Test;

@Sandboxed
class HelloTest {
  @Test
  void guest_isLinux(Sandbox sandbox) {
    assertEquals("Linux\n", sandbox.exec("uname").orThrow().stdoutText());
  }
}
