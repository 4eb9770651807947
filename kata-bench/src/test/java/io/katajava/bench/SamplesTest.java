package io.katajava.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SamplesTest {
  private static Samples of(double... values) {
    Samples samples = new Samples();
    for (double value : values) {
      samples.addMillis(value);
    }
    return samples;
  }

  @Test
  void median_oddAndEven() {
    assertThat(of(3, 1, 2).median()).isEqualTo(2);
    assertThat(of(4, 1, 2, 3).median()).isEqualTo(2.5);
    assertThat(of().median()).isNaN();
  }

  @Test
  void percentile_nearestRank() {
    Samples ten = of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);

    assertThat(ten.percentile(0)).isEqualTo(1);
    assertThat(ten.percentile(0.9)).isEqualTo(9);
    assertThat(ten.percentile(1)).isEqualTo(10);
  }
}
