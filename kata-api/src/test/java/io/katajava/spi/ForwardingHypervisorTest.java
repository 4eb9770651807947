package io.katajava.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ForwardingHypervisorTest {

  @Test
  void everyMethod_isForwarded() {
    List<Method> asked =
        Arrays.stream(Hypervisor.class.getMethods()).filter(m -> !m.isSynthetic()).toList();
    assertThat(asked)
        .isNotEmpty()
        .allSatisfy(
            method ->
                assertThat(
                        ForwardingHypervisor.class.getDeclaredMethod(
                            method.getName(), method.getParameterTypes()))
                    .isNotNull());
  }
}
