package io.katajava.internal.birth;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProcessUmaskTest {
  private static String status(String mask) {
    return "Name:\tjava\nUmask:\t" + mask + "\nState:\tR (running)\n";
  }

  @ParameterizedTest
  @ValueSource(strings = {"0000", "0022", "0027", "0077"})
  void mask_ofOthers_isFine(String mask) {
    assertThat(ProcessUmask.obstacle(status(mask))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"0777", "0400", "0277", "0100"})
  void mask_ofTheOwner_isAnObstacle(String mask) {
    assertThat(ProcessUmask.obstacle(status(mask)))
        .hasValueSatisfying(text -> assertThat(text).contains(mask));
  }

  @Test
  void status_withoutAMask_isNone() {
    assertThat(ProcessUmask.obstacle("Name:\tjava\n")).isEmpty();
    assertThat(ProcessUmask.obstacle(status("x"))).isEmpty();
  }
}
