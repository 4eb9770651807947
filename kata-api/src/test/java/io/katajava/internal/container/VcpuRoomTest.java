package io.katajava.internal.container;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class VcpuRoomTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {"0;1", "0-3;4", "0-1,8;3", "0,2-3,5;4", "3-1;2147483647", ";2147483647"})
  void list_isCounted(String list, int count) {
    assertThat(VcpuRoom.count(list == null ? "" : list)).isEqualTo(count);
  }

  @ParameterizedTest
  @CsvSource({"none", "0-", "-", "1-x"})
  void whatIsNoList_limitsNothing(String text) {
    assertThat(VcpuRoom.count(text)).isEqualTo(Integer.MAX_VALUE);
  }
}
