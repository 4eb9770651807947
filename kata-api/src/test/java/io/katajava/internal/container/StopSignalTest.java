package io.katajava.internal.container;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StopSignalTest {
  @ParameterizedTest
  @CsvSource({
    "SIGTERM,15",
    "QUIT,3",
    "sigint,2",
    "3,3",
    "64,64",
    "SIGCLD,17",
    "SIGIOT,6",
    "SIGPOLL,29",
    "SIGRTMIN,34",
    "SIGRTMIN+0,34",
    "SIGRTMIN+3,37",
    "RTMIN+30,64",
    "SIGRTMAX,64",
    "SIGRTMAX-0,64",
    "SIGRTMAX-2,62",
    "RTMAX-30,34"
  })
  void parse_whatLinuxHas_isItsNumber(String text, int number) {
    assertThat(StopSignal.parse(text)).hasValue(number);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "0",
        "65",
        "-1",
        "SIG",
        "SIGWHAT",
        "SIG9",
        "SIGRTMIN+31",
        "SIGRTMIN+-1",
        "SIGRTMIN-1",
        "SIGRTMAX-31",
        "SIGRTMAX+1",
        "RTMAX-",
        "99999999999"
      })
  void parse_whatLinuxHasNot_isNothing(String text) {
    assertThat(StopSignal.parse(text)).isEmpty();
  }
}
