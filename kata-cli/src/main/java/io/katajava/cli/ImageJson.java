package io.katajava.cli;

import io.katajava.Healthcheck;
import io.katajava.image.Image;
import io.katajava.json.JsonArray;
import io.katajava.json.JsonNumber;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonString;
import io.katajava.json.JsonValue;
import io.katajava.spi.ImageConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** An image as JSON for people and scripts. */
final class ImageJson {
  private ImageJson() {}

  static String of(Image image) {
    JsonObject.Builder all = JsonObject.builder();
    all.put("name", new JsonString(image.reference().familiar()));
    all.put("digest", new JsonString(image.digest().toString()));
    all.put("platform", new JsonString(image.platform().toString()));
    image.created().ifPresent(created -> all.put("created", new JsonString(created)));
    all.put("size", JsonNumber.of(image.size()));
    all.put("config", config(image.config()));
    List<JsonValue> layers = new ArrayList<>();
    for (Image.Layer layer : image.layers()) {
      layers.add(
          JsonObject.builder()
              .put("digest", new JsonString(layer.digest().toString()))
              .put("size", JsonNumber.of(layer.size()))
              .put("diffId", new JsonString(layer.diffId().toString()))
              .build());
    }
    all.put("layers", new JsonArray(layers));
    return Json.pretty(all.build());
  }

  private static JsonObject config(ImageConfig config) {
    JsonObject.Builder json = JsonObject.builder();
    json.put("entrypoint", texts(config.entrypoint()));
    json.put("command", texts(config.command()));
    json.put("env", texts(config.env()));
    config.workdir().ifPresent(text -> json.put("workdir", new JsonString(text)));
    config.user().ifPresent(text -> json.put("user", new JsonString(text)));
    json.put("exposedPorts", texts(config.exposedPorts()));
    json.put("volumes", texts(config.volumes()));
    config.stopSignal().ifPresent(text -> json.put("stopSignal", new JsonString(text)));
    config.healthcheck().ifPresent(check -> json.put("healthcheck", healthcheck(check)));
    json.put("labels", texts(config.labels()));
    return json.build();
  }

  private static JsonObject healthcheck(Healthcheck check) {
    return JsonObject.builder()
        .put("command", texts(check.command()))
        .put("interval", new JsonString(check.interval().toString()))
        .put("timeout", new JsonString(check.timeout().toString()))
        .put("startPeriod", new JsonString(check.startPeriod().toString()))
        .put("retries", JsonNumber.of(check.retries()))
        .build();
  }

  private static JsonArray texts(List<String> texts) {
    List<JsonValue> values = new ArrayList<>();
    texts.forEach(text -> values.add(new JsonString(text)));
    return new JsonArray(values);
  }

  private static JsonObject texts(Map<String, String> texts) {
    JsonObject.Builder json = JsonObject.builder();
    texts.forEach((name, text) -> json.put(name, new JsonString(text)));
    return json.build();
  }
}
