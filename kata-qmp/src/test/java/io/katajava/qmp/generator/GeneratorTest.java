package io.katajava.qmp.generator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.qmp.generator.Schema.ObjectType;
import io.katajava.qmp.type.RunState;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
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
  void sources_whatOnlyOneReleaseHas_saySo() throws IOException {
    Map<String, String> sources = new Generator(Schema.load(Path.of(DATA))).sources();
    assertThat(sources.get(Names.COMMAND_PACKAGE + ".QueryAccelerators"))
        .contains("; not in QEMU 10.0")
        .doesNotContain("@Deprecated");
    assertThat(sources.get(Names.COMMAND_PACKAGE + ".QueryMigrationthreads"))
        .contains("gone from QEMU 11.1")
        .contains("@Deprecated\npublic record");
    assertThat(sources.get(Names.COMMAND_PACKAGE + ".Migrate"))
        .contains("@Deprecated public @Nullable Boolean detach()");
    assertThat(sources.get(Names.COMMAND_PACKAGE + ".QueryBlock"))
        .contains("@param flat {@code flat}, may be absent; not in QEMU 10.0")
        .contains("public QueryBlock()");
    // What 10.0 always sends and 11.1 never does, and the other way round.
    assertThat(sources.get(Names.TYPE_PACKAGE + ".VhostStatus"))
        .contains("@Nullable VirtioDeviceFeatures backendFeatures");
    assertThat(sources.get(Names.TYPE_PACKAGE + ".IOThreadInfo"))
        .contains("@Nullable Long pollWeight")
        .contains("always there in QEMU 11.1");
  }

  @Test
  void sources_memberThatBecameAnAlternate_keepsItsTypeAndSaysSo() throws IOException {
    Map<String, String> sources = new Generator(Schema.load(Path.of(DATA))).sources();
    assertThat(sources.get(Names.TYPE_PACKAGE + ".BlockExportOptions"))
        .contains("@Nullable String iothread")
        .contains("{@code BlockExportIothreads} in QEMU 11.1");
    assertThat(sources.get(Names.TYPE_PACKAGE + ".MigrationParameters"))
        .contains("instanceof JsonNull");
  }

  @Test
  void load_releasesThatContradict_isRefused() throws IOException {
    Schema older = Schema.loadOlder(Path.of(DATA));
    Schema newer = Schema.loadNewer(Path.of(DATA));
    Schema.ObjectType status = newer.object("StatusInfo");
    newer
        .objects()
        .put(
            "StatusInfo",
            new Schema.ObjectType(
                "StatusInfo",
                false,
                null,
                List.of(new Schema.Member("running", "str", false, status.remarks())),
                null,
                List.of(),
                status.remarks()));
    assertThatThrownBy(() -> SchemaUnion.of(older, newer))
        .hasMessageContaining("running is bool and str");
  }

  @Test
  void answers_whatIsDeprecatedThere_mayBeLeftOut() throws IOException {
    // With -compat deprecated-output=hide.
    for (ObjectType object : Schema.load(Path.of(DATA)).objects().values()) {
      assertThat(object.members())
          .as(object.name())
          .noneMatch(m -> m.remarks().features().contains("deprecated") && !m.optional());
    }
  }

  @Test
  void generator_runAgain_leavesFilesAloneAndRemovesStrangers() throws IOException {
    Generator.main(new String[] {DATA, directory.toString()});
    Path status = directory.resolve("io/katajava/qmp/type/RunState.java");
    Path stranger = directory.resolve("io/katajava/qmp/type/Gone.java");
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
