package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ConfigurationKeysTest {
  @TempDir Path directory;

  static Stream<String> tables() {
    return FullConfiguration.TABLES.stream();
  }

  @Test
  void everyKey_saysWhatItIsAndWhatBecomesOfIt() {
    assertThat(ConfigurationKeys.all())
        .hasSizeGreaterThan(200)
        .doesNotHaveDuplicates()
        .allSatisfy(
            key -> {
              assertThat(key.meaning()).isNotBlank().endsWith(".");
              assertThat(key.how()).isNotBlank();
              assertThat(key.runtimes()).isNotEmpty();
              assertThat(key.describeAllowed()).isNotBlank();
            });
  }

  @ParameterizedTest
  @MethodSource("tables")
  void defaults_areValuesOfTheirKeys(String table) throws Exception {
    StringBuilder toml = new StringBuilder("[" + table + "]\n");
    List<ConfigurationKey> keys =
        ConfigurationKeys.of(table).stream()
            .filter(key -> key.defaultLiteral().isPresent())
            .toList();
    keys.forEach(
        key ->
            toml.append(key.name())
                .append(" = ")
                .append(key.defaultLiteral().orElseThrow())
                .append('\n'));
    Path file = Files.writeString(directory.resolve("configuration.toml"), toml);

    KataConfiguration configuration =
        KataConfiguration.reader().file(file).checkFiles(false).read();

    assertThat(configuration.warnings()).isEmpty();
    assertThat(configuration.settings()).hasSameSizeAs(keys).allMatch(Setting::isDefault);
  }

  @Test
  void hypervisors_haveTheirOwnKeys() {
    assertThat(ConfigurationKeys.of("hypervisor.qemu")).hasSize(123);
    assertThat(ConfigurationKeys.of("hypervisor.clh")).hasSize(75);
    assertThat(ConfigurationKeys.of("hypervisor.remote")).hasSize(19);
    assertThat(ConfigurationKeys.find("hypervisor.clh", "extra_monitor_socket")).isEmpty();
    assertThat(ConfigurationKeys.of("hypervisor.bochs")).isEmpty();
  }

  @Test
  void otherSpellings_leadToTheSameKey() {
    assertThat(ConfigurationKeys.find("hypervisor.qemu", "dbg_monitor_socket"))
        .isEqualTo(ConfigurationKeys.find("hypervisor.qemu", "extra_monitor_socket"))
        .isPresent();
    assertThat(ConfigurationKeys.find("agent.kata.mem_agent", "enable")).isPresent();
  }

  @Test
  void secrets_areNotShown() {
    KataConfiguration configuration =
        KataConfiguration.builder().set("runtime", "jaeger_password", "hunter2").build();

    assertThat(configuration.toString()).doesNotContain("hunter2");
    assertThat(configuration.runtime().toString()).doesNotContain("hunter2");
    assertThat(configuration.toToml()).contains("hunter2");
  }
}
