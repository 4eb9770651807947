package io.katajava.qmp;

import io.katajava.json.JsonCursor;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonValue;
import java.util.regex.Pattern;

/** Any command by its name. */
record RawCommand(String commandName, JsonObject arguments) implements QmpCommand<JsonValue> {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_.-]+");

  RawCommand {
    if (!NAME.matcher(commandName).matches()) {
      throw new IllegalArgumentException("not a name of a QMP command: " + commandName);
    }
  }

  @Override
  public JsonObject toJson() {
    return arguments;
  }

  @Override
  public JsonValue decodeResult(JsonCursor in) {
    return in.value();
  }
}
