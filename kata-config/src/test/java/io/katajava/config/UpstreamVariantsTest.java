package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Files with every key and value that Kata 4.1.0 sets in those of its QEMU variants, of both
 * runtimes: which key has which value in which variant is a resource.
 */
class UpstreamVariantsTest {
  private static final Set<String> CONFIDENTIAL =
      Set.of(
          "go:qemu-nvidia-gpu-snp",
          "go:qemu-nvidia-gpu-tdx",
          "go:qemu-se",
          "go:qemu-snp",
          "go:qemu-tdx",
          "rs:qemu-nvidia-gpu-snp",
          "rs:qemu-nvidia-gpu-tdx",
          "rs:qemu-se",
          "rs:qemu-snp",
          "rs:qemu-tdx");

  @TempDir Path directory;

  private record Row(String table, String key, String value, Set<String> variants) {
    boolean isIn(String variant) {
      return variants.contains("all")
          || variants.contains(variant)
          || variants.contains("all of " + variant.substring(0, 2));
    }
  }

  private static List<Row> rows() throws IOException {
    try (InputStream in = UpstreamVariantsTest.class.getResourceAsStream("/variants/qemu.tsv")) {
      assertThat(in).isNotNull();
      return new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .skip(1)
          .map(line -> line.split("\t", -1))
          .map(
              cells ->
                  new Row(
                      cells[0],
                      cells[1],
                      cells[2],
                      cells[3].startsWith("all")
                          ? Set.of(cells[3])
                          : Set.copyOf(Arrays.asList(cells[3].split(" ", -1)))))
          .toList();
    }
  }

  static List<String> variants() throws IOException {
    Set<String> variants = new LinkedHashSet<>();
    for (Row row : rows()) {
      row.variants().stream().filter(variant -> !variant.startsWith("all")).forEach(variants::add);
    }
    return variants.stream().sorted().toList();
  }

  @BeforeEach
  void makeFiles() throws IOException {
    for (String file :
        List.of("qemu", "kernel", "image", "initrd", "firmware", "firmware_volume")) {
      Files.write(directory.resolve(file), new byte[2 << 20]);
    }
    Files.setPosixFilePermissions(
        directory.resolve("qemu"), PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Path write(String variant) throws IOException {
    Map<String, StringBuilder> tables = new LinkedHashMap<>();
    for (Row row : rows()) {
      if (row.isIn(variant)) {
        tables
            .computeIfAbsent(row.table(), table -> new StringBuilder("[" + table + "]\n"))
            .append(row.key())
            .append(" = ")
            .append(row.value().replace("@DIR@", directory.toString()))
            .append('\n');
      }
    }
    return Files.writeString(
        directory.resolve("configuration.toml"), String.join("\n", tables.values()));
  }

  @Test
  void variants_areThoseOfBothRuntimes() throws IOException {
    assertThat(variants()).hasSize(18).containsAll(CONFIDENTIAL);
  }

  @ParameterizedTest
  @MethodSource("variants")
  void variant_loadsWithoutErrorOrWarning(String variant) throws IOException {
    KataConfiguration configuration = KataConfiguration.read(write(variant));

    assertThat(configuration.warnings()).isEmpty();
    assertThat(configuration.settings()).hasSizeGreaterThan(90);
    assertThat(configuration.monitorGate().state()).isEqualTo(MonitorGate.State.CLOSED);

    LaunchPlan plan = configuration.plan();
    if (CONFIDENTIAL.contains(variant)) {
      assertThat(plan.obstacles()).singleElement().asString().contains("confidential");
    } else {
      assertThat(plan.obstacles()).isEmpty();
      assertThat(plan.qemu().binary()).hasValue(directory.resolve("qemu"));
      assertThat(plan.guestAssets().kernel()).isEqualTo(directory.resolve("kernel"));
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void variant_writtenAndConverted_loadsAgain(String variant) throws IOException {
    KataConfiguration configuration = KataConfiguration.read(write(variant));

    Map<String, KataConfiguration> written = new TreeMap<>();
    written.put("same", configuration);
    for (Layout layout : Layout.values()) {
      written.put(layout.label(), configuration.convert(layout).configuration());
    }
    for (KataConfiguration one : written.values()) {
      Path file = Files.writeString(directory.resolve("again.toml"), one.toToml());
      assertThat(KataConfiguration.read(file)).isEqualTo(one);
    }
    Layout own = variant.startsWith("go:") ? Layout.GO : Layout.RUNTIME_RS;
    assertThat(configuration.convert(own).configuration().hypervisor().defaultMemory())
        .isEqualTo(configuration.hypervisor().defaultMemory());
  }
}
