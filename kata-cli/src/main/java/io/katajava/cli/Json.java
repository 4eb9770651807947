package io.katajava.cli;

import io.katajava.base.text.PrintableText;
import io.katajava.json.JsonValue;

/** JSON for people and their terminals: indented, and nothing in it steers a terminal. */
final class Json {
  private Json() {}

  /** As a document, with a line feed at its end. */
  static String pretty(JsonValue value) {
    return indented(value) + '\n';
  }

  /** Without a line feed at its end. */
  static String indented(JsonValue value) {
    return PrintableText.json(value.toIndentedJson());
  }
}
