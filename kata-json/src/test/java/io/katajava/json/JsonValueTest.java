package io.katajava.json;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

class JsonValueTest {
  private static final ObjectMapper JACKSON = new ObjectMapper();

  @Provide
  Arbitrary<JsonValue> values() {
    return JsonValues.any();
  }

  @Property
  void text_parsedAgain_isTheSameValue(@ForAll("values") JsonValue value) throws Exception {
    String json = value.toJson();
    byte[] utf8 = json.getBytes(UTF_8);
    assertThat(JsonValue.parse(json)).isEqualTo(value);
    assertThat(JsonValue.parse(utf8, 0, utf8.length)).isEqualTo(value);
    assertThat(json).doesNotContain("\n");
    JsonNode foreign = JACKSON.readTree(json);
    assertThat(JACKSON.readTree(JsonValue.parse(foreign.toString()).toJson())).isEqualTo(foreign);
  }

  @Property
  void parse_anyText_givesAValueOrAnException(@ForAll String text) {
    try {
      JsonValue.parse(text);
    } catch (JsonException e) {
      assertThat(e.getMessage()).startsWith("not JSON");
    }
  }

  @Property
  void integers_ofAllSizes_areExact(@ForAll long bits) {
    assertThat(JsonCursor.of(JsonNumber.of(bits), "n").int64()).isEqualTo(bits);
    assertThat(JsonCursor.of(JsonNumber.ofUnsigned(bits), "n").uint64()).isEqualTo(bits);
    assertThat(JsonValue.parse(Long.toUnsignedString(bits))).isEqualTo(JsonNumber.ofUnsigned(bits));
  }

  @Example
  void cursor_mismatch_namesThePath() {
    JsonCursor in =
        JsonCursor.of(JsonValue.parse("{\"a\": [{\"b\": 1}, {\"b\": \"x\"}]}"), "query-x");
    assertThatThrownBy(() -> in.member("a").list(element -> element.member("b").int64()))
        .isInstanceOf(JsonException.class)
        .hasMessage("query-x.a[1].b should be a signed integer of 64 bits but is \"x\"");
    assertThatThrownBy(() -> in.member("c")).hasMessage("query-x has no member 'c'");
    assertThatThrownBy(() -> in.member("a").member("b"))
        .hasMessageStartingWith("query-x.a should be an object but is [");
  }

  @Example
  void cursor_integers_areBounded() {
    JsonCursor in = JsonCursor.of(JsonValue.parse("[-1, 256, 1.5, 18446744073709551616]"), "n");
    List<JsonCursor> numbers = in.list(element -> element);
    assertThatThrownBy(() -> numbers.get(0).uint64()).isInstanceOf(JsonException.class);
    assertThatThrownBy(() -> numbers.get(1).integer(0, 255)).isInstanceOf(JsonException.class);
    assertThatThrownBy(() -> numbers.get(2).int64()).isInstanceOf(JsonException.class);
    assertThatThrownBy(() -> numbers.get(3).uint64()).isInstanceOf(JsonException.class);
    assertThat(numbers.get(2).number()).isEqualTo(1.5);
  }

  @Example
  void duplicates_theLastCounts() {
    JsonObject object = JsonObject.parse("{\"a\": 1, \"a\": 2, \"b\": 3}");
    JsonCursor in = JsonCursor.of(object, "x");
    assertThat(in.member("a").int64()).isEqualTo(2);
    assertThat(in.additional().toJson()).isEqualTo("{\"b\":3}");
  }

  @Example
  void largeObject_isSearchedThroughAnIndex() {
    JsonObject.Builder builder = JsonObject.builder();
    for (int i = 0; i < 100; i++) {
      builder.put("n" + i, i);
    }
    JsonObject object = builder.build();
    assertThat(object.get("n99")).isEqualTo(JsonNumber.of(99));
    assertThat(object.has("n100")).isFalse();
    assertThat(object.toBuilder().put("n0", "new").build().get("n0"))
        .isEqualTo(new JsonString("new"));
  }

  @Example
  void redacted_secrets_areReplacedEverywhere() {
    JsonValue message =
        JsonValue.parse(
            """
            {"execute": "x", "arguments": {"password": "p1", "list": [{"cookie": "p2"}],
             "qom-type": "secret", "data": "p3", "id": "s0",
             "nested": {"command-line": "set_password vnc p4", "data": "kept"}}}
            """);
    assertThat(message.toString()).doesNotContain("p1", "p2", "p3", "p4").contains("kept", "s0");
    assertThat(message.toJson()).contains("p1", "p2", "p3", "p4");
    JsonValue set =
        JsonValue.parse("{\"path\": \"/s\", \"property\": \"data\", \"value\": \"p5\"}");
    assertThat(set.toString()).doesNotContain("p5");
  }

  @Example
  void controlCharacters_haveTheShortestEscapeThereIs() {
    assertThat(new JsonString("a\nb\rc\td\u0001\"\\").toJson())
        .isEqualTo("\"a\\nb\\rc\\td\\u0001\\\"\\\\\"");
  }

  @Example
  void indented_hasALineForEachMemberAndElement() {
    JsonValue value = JsonValue.parse("{\"a\":[1,{\"b\":[]}],\"c\":{},\"d\":null}");

    assertThat(value.toIndentedJson())
        .isEqualTo(
            """
            {
              "a": [
                1,
                {
                  "b": []
                }
              ],
              "c": {},
              "d": null
            }""");
    assertThat(JsonValue.parse(value.toIndentedJson())).isEqualTo(value);
  }
}
