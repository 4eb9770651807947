package io.katajava.json;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Builds values from Jackson's token stream. */
final class JsonParsing {
  /** The deepest nesting that is read; QEMU itself refuses more than 1024. */
  static final int MAX_DEPTH = 1000;

  /** The caller bounds the length of a document, so a string may be as long as one. */
  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(MAX_DEPTH)
                  .maxStringLength(Integer.MAX_VALUE)
                  .maxNameLength(Integer.MAX_VALUE)
                  .build())
          .build();

  private JsonParsing() {}

  static JsonValue parse(String json) {
    try (JsonParser parser = FACTORY.createParser(json)) {
      return document(parser);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  static JsonValue parse(byte[] utf8, int offset, int length) {
    try (JsonParser parser = FACTORY.createParser(utf8, offset, length)) {
      return document(parser);
    } catch (IOException e) {
      throw failure(e);
    }
  }

  private static JsonException failure(IOException e) {
    if (e instanceof JsonProcessingException syntax && syntax.getLocation() != null) {
      return new JsonException(
          "not JSON: "
              + syntax.getOriginalMessage()
              + " (column "
              + syntax.getLocation().getColumnNr()
              + ")",
          e);
    }
    return new JsonException("not JSON: " + e.getMessage(), e);
  }

  private static JsonValue document(JsonParser parser) throws IOException {
    JsonToken first = parser.nextToken();
    if (first == null) {
      throw new JsonException("not JSON: nothing there");
    }
    JsonValue value = value(parser, first);
    if (parser.nextToken() != null) {
      throw new JsonException("not JSON: more text after the value");
    }
    return value;
  }

  private static JsonValue value(JsonParser parser, JsonToken token) throws IOException {
    return switch (token) {
      case START_OBJECT -> object(parser);
      case START_ARRAY -> array(parser);
      case VALUE_STRING -> new JsonString(parser.getText());
      case VALUE_NUMBER_INT ->
          switch (parser.getNumberType()) {
            case INT, LONG -> JsonNumber.of(parser.getLongValue());
            default -> JsonNumber.ofText(parser.getText());
          };
      case VALUE_NUMBER_FLOAT -> JsonNumber.ofText(parser.getText());
      case VALUE_TRUE -> JsonBoolean.TRUE;
      case VALUE_FALSE -> JsonBoolean.FALSE;
      case VALUE_NULL -> JsonNull.INSTANCE;
      default -> throw new JsonException("not JSON: unexpected " + token);
    };
  }

  private static JsonObject object(JsonParser parser) throws IOException {
    String[] names = new String[4];
    JsonValue[] values = new JsonValue[4];
    int size = 0;
    for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
      if (size == names.length) {
        names = Arrays.copyOf(names, size * 2);
        values = Arrays.copyOf(values, size * 2);
      }
      names[size] = name;
      values[size++] = value(parser, parser.nextToken());
    }
    return size == 0 ? JsonObject.EMPTY : new JsonObject(names, values, size);
  }

  private static JsonArray array(JsonParser parser) throws IOException {
    List<JsonValue> elements = new ArrayList<>();
    for (JsonToken token = parser.nextToken();
        token != JsonToken.END_ARRAY;
        token = parser.nextToken()) {
      elements.add(value(parser, token));
    }
    return new JsonArray(elements);
  }
}
