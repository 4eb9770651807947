package io.katajava.json;

import java.util.List;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Arbitrary JSON. */
public final class JsonValues {
  private JsonValues() {}

  /** Any value, nested a little. */
  public static Arbitrary<JsonValue> any() {
    return any(3);
  }

  /** Any object. */
  public static Arbitrary<JsonValue> objects() {
    return object(any(2));
  }

  private static Arbitrary<JsonValue> any(int depth) {
    Arbitrary<JsonValue> scalar =
        Arbitraries.oneOf(
            List.of(
                Arbitraries.strings().ofMaxLength(20).map(JsonString::new),
                Arbitraries.longs().map(JsonNumber::of),
                Arbitraries.longs().map(JsonNumber::ofUnsigned),
                Arbitraries.doubles().map(JsonNumber::of),
                Arbitraries.of(JsonBoolean.TRUE, JsonBoolean.FALSE),
                Arbitraries.just(JsonNull.INSTANCE)));
    if (depth == 0) {
      return scalar;
    }
    Arbitrary<JsonValue> array = any(depth - 1).list().ofMaxSize(5).map(JsonArray::new);
    return Arbitraries.oneOf(List.of(scalar, array, object(any(depth - 1))));
  }

  private static Arbitrary<JsonValue> object(Arbitrary<JsonValue> value) {
    Arbitrary<String> name = Arbitraries.strings().ofMaxLength(8);
    return Combinators.combine(name, value)
        .as(java.util.Map::entry)
        .list()
        .ofMaxSize(20)
        .map(
            members -> {
              JsonObject.Builder object = JsonObject.builder();
              members.forEach(member -> object.put(member.getKey(), member.getValue()));
              return object.build();
            });
  }
}
