package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MemorySizeTest {

  @ParameterizedTest
  @CsvSource({
    "512M, 536870912",
    "2GiB, 2147483648",
    "4096, 4096",
    "1 kb, 1024",
    "1t, 1099511627776",
    "0, 0"
  })
  void parse_units_arePowersOf1024(String text, long bytes) {
    assertThat(MemorySize.parse(text).bytes()).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "M", "-1", "1.5G", "12X", "9999999999T", "99999999999999999999"})
  void parse_notASize_isRejectedNamingIt(String text) {
    assertThatThrownBy(() -> MemorySize.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(text);
  }

  @Test
  void construct_negative_isRejected() {
    assertThatThrownBy(() -> MemorySize.bytes(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Property
  void toString_anySize_parsesToTheSame(@ForAll @LongRange(min = 0) long bytes) {
    MemorySize size = MemorySize.bytes(bytes);

    assertThat(MemorySize.parse(size.toString())).isEqualTo(size);
  }
}
