package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.json.JsonException;
import io.katajava.json.JsonValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MonitorLineTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "stop                                      | {}",
        "  stop                                    | {}",
        "device_del {\"id\": \"a b\"}              | {\"id\":\"a b\"}",
        "device_del id=net0                        | {\"id\":\"net0\"}",
        "x a=1 b=true c=word d=\"two words\" e=    | {\"a\":1,\"b\":true,\"c\":\"word\",\"d\":\"two"
            + " words\",\"e\":\"\"}",
        "x a=[1, 2] b={\"c\": \"d e\"}             | {\"a\":[1,2],\"b\":{\"c\":\"d e\"}}",
        "x addr.type=inet addr.host=::1 id=i       |"
            + " {\"addr\":{\"type\":\"inet\",\"host\":\"::1\"},\"id\":\"i\"}",
        "x a=\"say \\\"no\\\"\"                    | {\"a\":\"say \\\"no\\\"\"}",
        "x a=b=c                                   | {\"a\":\"b=c\"}"
      })
  void line_isCommandAndArguments(String line, String arguments) {
    assertThat(MonitorLine.parse(line, null).arguments().toJson()).isEqualTo(arguments);
  }

  @ParameterizedTest
  @ValueSource(strings = {"x word", "x =1", "x {", "x a=1 a=2", "x a=1 a.b=2", "x a.b=1 a=2"})
  void line_thatMakesNoSense_isRefused(String line) {
    assertThatThrownBy(() -> MonitorLine.parse(line, null)).isInstanceOf(JsonException.class);
  }

  @Test
  void secret_isNoticed() {
    assertThat(MonitorLine.parse("set_password protocol=vnc password=x", null).hasSecret())
        .isTrue();
    assertThat(MonitorLine.parse("device_del id=x", null).hasSecret()).isFalse();
  }

  @Test
  void indented_isTheSameJson() {
    JsonValue value =
        JsonValue.parse(
            "{\"a\":[1,{\"b\":\"c\\\"d\"},[]],\"e\":{},\"f\":null,\"g\":18446744073709551615}");
    String text = Json.indented(value);
    assertThat(JsonValue.parse(text)).isEqualTo(value);
    assertThat(text)
        .startsWith("{\n  \"a\": [\n    1,\n    {\n      \"b\": \"c\\\"d\"\n    },\n    []\n");
  }
}
