package io.katajava.config;

import io.katajava.config.internal.UrlCredentials;
import java.util.List;

/**
 * A value that was set.
 *
 * @param table the table it stands in, for example {@code hypervisor.qemu}
 * @param key its key
 * @param value its value, of the Java type that {@link ValueType} names, immutable
 * @param origin where it was set
 */
public record Setting(String table, ConfigurationKey key, Object value, Origin origin) {

  /**
   * The key with its table.
   *
   * @return for example {@code hypervisor.qemu.default_memory}
   */
  public String path() {
    return table + "." + key.name();
  }

  /**
   * The value as TOML.
   *
   * @return a literal; stars for a password, also for user and password in a URL
   */
  public String text() {
    return key.isSecret() && !"".equals(value)
        ? "\"***\""
        : UrlCredentials.hidden(TomlText.of(value));
  }

  /**
   * Tells whether the value is what counts without it, too.
   *
   * @return true for the default, and for what is empty or false
   */
  public boolean isDefault() {
    return value.equals("")
        || value.equals(false)
        || value.equals(List.of())
        || key.defaultLiteral().filter(TomlText.of(value)::equals).isPresent();
  }

  /** Path, value and origin; a password is not shown. */
  @Override
  public String toString() {
    return path() + " = " + text() + " (" + origin + ")";
  }
}
