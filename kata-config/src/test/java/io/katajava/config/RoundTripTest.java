package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterProperty;
import net.jqwik.api.lifecycle.BeforeProperty;

/** What is written is read again, whatever it is. */
class RoundTripTest {
  @SuppressWarnings("NullAway.Init") // Set before each property.
  private Path file;

  @BeforeProperty
  void makeFile() throws IOException {
    file = Files.createTempFile("kata-round-trip", ".toml");
  }

  @AfterProperty
  void deleteFile() throws IOException {
    Files.delete(file);
  }

  /** A table, a key of it, and a value it can have. */
  record Assignment(String table, ConfigurationKey key, Object value) {}

  @Property(tries = 300)
  void configuration_writtenAndRead_isEqual(@ForAll("assignments") List<Assignment> assignments)
      throws IOException {
    KataConfiguration.Builder builder = KataConfiguration.builder().table("hypervisor.qemu");
    assignments.forEach(one -> builder.set(one.table(), one.key().name(), one.value()));
    KataConfiguration configuration;
    try {
      configuration = builder.build();
    } catch (ConfigurationException e) {
      // Each value is right; a combination that is not is no file to write.
      return;
    }

    // Whatever it is: a machine, or the reasons why not.
    LaunchPlan plan = configuration.plan();
    if (plan.obstacles().isEmpty()) {
      assertThat(plan.qemu()).isNotNull();
    }

    String written = configuration.toToml();
    Files.writeString(file, written);
    KataConfiguration read =
        KataConfiguration.reader().file(file).dropInDirectories().checkFiles(false).read();

    assertThat(read).isEqualTo(configuration).hasSameHashCodeAs(configuration);
    assertThat(read.toToml()).isEqualTo(written);
    assertThat(read.warnings()).filteredOn(warning -> warning.what().contains("unknown")).isEmpty();
  }

  @Property(tries = 200)
  void text_anyCharacters_isKept(@ForAll String text) throws IOException {
    String clean = text.replace("\0", "");
    // Half a surrogate pair is no text in UTF-8.
    String whole =
        new String(
            clean.getBytes(java.nio.charset.StandardCharsets.UTF_8),
            java.nio.charset.StandardCharsets.UTF_8);
    KataConfiguration configuration =
        KataConfiguration.builder().set("agent.kata", "policy", whole).build();

    Files.writeString(file, configuration.toToml());

    assertThat(KataConfiguration.reader().file(file).dropInDirectories().read())
        .isEqualTo(configuration);
  }

  @Provide
  Arbitrary<List<Assignment>> assignments() {
    List<Arbitrary<Assignment>> keys = new ArrayList<>();
    for (String table : FullConfiguration.TABLES) {
      for (ConfigurationKey key : ConfigurationKeys.of(table)) {
        // These two decide which sections there have to be.
        if (!key.name().equals("hypervisor_name") && !key.name().equals("agent_name")) {
          keys.add(values(table, key).map(value -> new Assignment(table, key, value)));
        }
      }
    }
    return Arbitraries.oneOf(keys).list().ofMaxSize(40);
  }

  private static Arbitrary<Object> values(String table, ConfigurationKey key) {
    Arbitrary<?> any =
        switch (key.type()) {
          case BOOLEAN -> Arbitraries.of(true, false);
          case INTEGER -> integers().filter(key.allowed()::allows);
          case FLOAT ->
              Arbitraries.oneOf(
                      Arbitraries.doubles().between(-1e9, 1e9),
                      Arbitraries.of(0.0, -0.0, 1e300, 4.9e-324, 0.1))
                  .filter(key.allowed()::allows);
          case STRING -> strings(key);
          case STRINGS -> strings(key).filter(text -> !text.isEmpty()).list().ofMaxSize(4);
          case INTEGERS -> integers().filter(key.allowed()::allows).list().ofMaxSize(4);
          case TABLES -> rows(table + "." + key.name() + "[]").list().ofMaxSize(3);
        };
    return any.map(value -> (Object) value);
  }

  private static Arbitrary<Long> integers() {
    return Arbitraries.oneOf(
        Arbitraries.longs().between(0, 20),
        Arbitraries.longs().between(0, 1L << 20),
        Arbitraries.of(512L, 4096L, 65536L, Long.MAX_VALUE));
  }

  private static Arbitrary<String> strings(ConfigurationKey key) {
    List<String> choices = key.allowed().choices();
    if (!choices.isEmpty()) {
      return Arbitraries.of(choices);
    }
    return Arbitraries.oneOf(
            Arbitraries.of(
                "",
                "/usr/bin/x",
                "a b",
                "root_hash=ab,salt=cd,data_blocks=1,data_block_size=512,hash_block_size=512"),
            Arbitraries.strings().ascii().ofMaxLength(20),
            Arbitraries.strings().withChars("\"'\\\n\t\u00e9\u4e2d# =[]{}").ofMaxLength(12))
        .map(text -> text.replace("\0", ""))
        .filter(key.allowed()::allows);
  }

  private static Arbitrary<Map<String, Object>> rows(String table) {
    List<ConfigurationKey> columns = ConfigurationKeys.of(table);
    return Combinators.combine(
            columns.stream()
                .map(
                    column ->
                        (column.name().endsWith("_path")
                                ? Arbitraries.of("/a", "/a/b-c")
                                : column.required()
                                    ? Arbitraries.strings().alpha().ofMinLength(1).ofMaxLength(8)
                                    : strings(column))
                            .map(value -> (Object) value))
                .toList())
        .as(
            values -> {
              Map<String, Object> row = new LinkedHashMap<>();
              for (int i = 0; i < columns.size(); i++) {
                row.put(columns.get(i).name(), values.get(i));
              }
              return row;
            });
  }
}
