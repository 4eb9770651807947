package io.katajava.qemu.qmp.generator;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.qemu.qmp.type.RunState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GeneratorTest {
  private static final String DATA = "src/main/qmp";

  @TempDir Path directory;

  @ParameterizedTest
  @CsvSource({
    "device_add, DeviceAdd",
    "null-co, NullCo",
    "ACPIOSTInfo, ACPIOSTInfo",
    "x-debug-query-block-graph, XDebugQueryBlockGraph",
    "q_empty, Empty",
    "String, QmpString"
  })
  void type_nameInQmp_isJavaStyle(String qmp, String java) {
    assertThat(Names.type(qmp)).isEqualTo(java);
  }

  @ParameterizedTest
  @CsvSource({
    "read-only, readOnly",
    "UUID, uuid",
    "wr_bytes, wrBytes",
    "default, default_",
    "wait, wait_",
    "qom-path, qomPath"
  })
  void member_nameInQmp_isJavaStyle(String qmp, String java) {
    assertThat(Names.member(qmp)).isEqualTo(java);
  }

  @ParameterizedTest
  @CsvSource({
    "io_uring, IO_URING",
    "legacyESX, LEGACY_ESX",
    "16k, _16K",
    "guest-panicked, GUEST_PANICKED"
  })
  void constant_valueInQmp_isJavaStyle(String qmp, String java) {
    assertThat(Names.constant(qmp)).isEqualTo(java);
  }

  @Test
  void sources_deprecatedAndConditional_saySo() throws IOException {
    Map<String, String> sources = new Generator(Schema.load(Path.of(DATA))).sources();
    assertThat(sources.get(Names.COMMAND_PACKAGE + ".NbdServerAdd"))
        .contains("@Deprecated\npublic record");
    assertThat(sources.get(Names.COMMAND_PACKAGE + ".Eject"))
        .contains("@Deprecated public @Nullable String device()");
    assertThat(sources.get(Names.COMMAND_PACKAGE + ".Screendump"))
        .contains("only where QEMU was built with CONFIG_PIXMAN");
    assertThat(sources.get(Names.COMMAND_PACKAGE + ".XExitPreconfig")).contains("unstable");
  }

  @Test
  void generator_runAgain_leavesFilesAloneAndRemovesStrangers() throws IOException {
    Generator.main(new String[] {DATA, directory.toString()});
    Path status = directory.resolve("io/katajava/qemu/qmp/type/RunState.java");
    Path stranger = directory.resolve("io/katajava/qemu/qmp/type/Gone.java");
    Files.writeString(stranger, "class Gone {}");
    FileTime then = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(status, then);
    Generator.main(new String[] {DATA, directory.toString()});
    assertThat(Files.getLastModifiedTime(status)).isEqualTo(then);
    assertThat(stranger).doesNotExist();
    try (Stream<Path> files = Files.walk(directory)) {
      assertThat(files.filter(Files::isRegularFile)).hasSizeGreaterThan(700);
    }
    assertThat(Files.readString(status)).contains("add(\"" + RunState.RUNNING + "\")");
  }
}
