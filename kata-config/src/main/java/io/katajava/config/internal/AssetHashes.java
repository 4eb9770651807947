package io.katajava.config.internal;

import io.katajava.config.ConfigurationProblem;
import io.katajava.config.ConfigurationValues;
import io.katajava.config.Origin;
import io.katajava.config.Setting;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;

/** Annotations that say what SHA-512 a file has: {@code hypervisor.kernel_hash} and the like. */
final class AssetHashes {
  private static final String PREFIX = "io.katacontainers.config.";
  private static final Map<String, String> KEYS =
      Map.of(
          "hypervisor.hypervisor_hash", "path",
          "hypervisor.jailer_hash", "jailer_path",
          "hypervisor.kernel_hash", "kernel",
          "hypervisor.image_hash", "image",
          "hypervisor.initrd_hash", "initrd",
          "hypervisor.firmware_hash", "firmware",
          "hypervisor.firmware_volume_hash", "firmware_volume");

  private final Map<String, String> annotations;
  private final ConfigurationValues configuration;
  private final Map<String, Setting> settings;
  private final Consumer<ConfigurationProblem> problems;

  AssetHashes(
      Map<String, String> annotations,
      ConfigurationValues configuration,
      Map<String, Setting> settings,
      Consumer<ConfigurationProblem> problems) {
    this.annotations = annotations;
    this.configuration = configuration;
    this.settings = settings;
    this.problems = problems;
  }

  static boolean isOne(String shortName) {
    return KEYS.containsKey(shortName);
  }

  void check() {
    KEYS.forEach(
        (annotation, key) -> {
          String expected = annotations.get(PREFIX + annotation);
          if (expected != null) {
            check(PREFIX + annotation, key, expected);
          }
        });
  }

  private void check(String annotation, String key, String expected) {
    String table = configuration.hypervisor().table();
    Setting setting = settings.get(table + "." + key);
    if (setting == null) {
      setting = configuration.setting(table, key).orElse(null);
    }
    if (setting == null || !(setting.value() instanceof String path) || path.isEmpty()) {
      tell(annotation, "says a hash, but " + table + "." + key + " is not set", "", "");
      return;
    }
    try {
      String actual = sha512(Path.of(path));
      if (!actual.equals(expected.strip().toLowerCase(Locale.ROOT))) {
        tell(annotation, "is not the SHA-512 of " + path, TomlNames.quoted(expected), actual);
      }
    } catch (IOException e) {
      tell(annotation, "cannot be checked: " + path + " cannot be read", "", "");
    }
  }

  private void tell(String annotation, String what, String found, String allowed) {
    problems.accept(
        ConfigurationProblem.error(Origin.annotation(annotation), "", what, found, allowed));
  }

  private static String sha512(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-512");
      byte[] buffer = new byte[1 << 16];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JVM has SHA-512", e);
    }
  }
}
