package io.katajava.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessUseTest {
  @Test
  void proportionalMebibytes_rollup_isItsPss() throws Exception {
    List<String> rollup =
        List.of("5500-7ffd [rollup]", "Rss:  90000 kB", "Pss:  41472 kB", "Pss_Dirty: 7 kB");

    assertThat(ProcessUse.proportionalMebibytes(rollup)).isEqualTo(40.5);
    assertThatThrownBy(() -> ProcessUse.proportionalMebibytes(List.of()))
        .isInstanceOf(IOException.class);
  }

  @Test
  void processorSeconds_nameWithBlanksAndParenthesis_isUserAndSystem() {
    String stat = "7 (a) S 1) R 1 7 7 0 -1 0 1 0 0 0 250 50 0 0 20 0 1 0 9\n";

    assertThat(ProcessUse.processorSeconds(stat)).isEqualTo(3);
  }

  @Test
  void runs_thisProcessAndNone() throws Exception {
    assertThat(ProcessUse.runs(ProcessHandle.current().pid())).isTrue();
    assertThat(ProcessUse.runs(Integer.MAX_VALUE)).isFalse();
  }
}
