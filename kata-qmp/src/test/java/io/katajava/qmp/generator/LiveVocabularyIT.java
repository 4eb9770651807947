package io.katajava.qmp.generator;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpCommand;
import io.katajava.qmp.QmpCommandException;
import io.katajava.qmp.QmpOptions;
import io.katajava.qmp.command.QueryQmpSchema;
import io.katajava.qmp.generator.Schema.Command;
import io.katajava.qmp.testing.RealQemu;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the generated vocabulary against real QEMUs of all releases there are. */
class LiveVocabularyIT {
  private static final QmpOptions OPTIONS = QmpOptions.builder().awaitSocket(true).build();

  @TempDir Path directory;

  /** Those, telling what is deprecated and leaving it out. */
  static Stream<Arguments> answers() {
    return machines()
        .flatMap(
            of ->
                Stream.of("accept", "hide")
                    .map(policy -> Arguments.of(of.get()[0], of.get()[1], policy)));
  }

  static Stream<Arguments> machines() {
    return RealQemu.machines().stream()
        .flatMap(release -> Stream.of("none", "q35").map(m -> Arguments.of(release, m)));
  }

  @ParameterizedTest
  @MethodSource("answers")
  void everyQuery_withoutArguments_isExecutedAndDecoded(
      RealQemu.Release release, String machine, String deprecated) throws Exception {
    Schema schema = Schema.load(Path.of("src/main/qmp"));
    List<String> decoded = new ArrayList<>();
    List<String> refused = new ArrayList<>();
    try (RealQemu qemu =
            release.machine(directory, machine, "-compat", "deprecated-output=" + deprecated);
        QmpClient client = QmpClient.connect(qemu.socket(), OPTIONS)) {
      for (Command command : schema.commands().values()) {
        if (isQueryWithoutArguments(schema, command) && client.supports(command.name())) {
          try {
            assertThat(client.execute(instance(command))).isNotNull();
            decoded.add(command.name());
          } catch (QmpCommandException e) {
            // A device or accelerator that is not there; CommandNotFound would be our mistake.
            assertThat(e.errorClass()).isIn("GenericError", "DeviceNotActive", "DeviceNotFound");
            refused.add(command.name() + ": " + e.description());
          }
        }
      }
      assertThat(client.statistics().unknownReplies()).isZero();
    }
    report(release, machine + "-queries-" + deprecated, decoded, refused);
    assertThat(decoded).hasSizeGreaterThan(machine.equals("q35") ? 40 : 30);
  }

  @ParameterizedTest
  @MethodSource("machines")
  void vocabulary_comparedWithLiveSchema_hasNoContradiction(
      RealQemu.Release release, String machine) throws Exception {
    Schema schema = Schema.load(Path.of("src/main/qmp"));
    try (RealQemu qemu = release.machine(directory, machine);
        QmpClient client = QmpClient.connect(qemu.socket(), OPTIONS)) {
      VocabularyComparison comparison =
          new VocabularyComparison(schema, client.execute(new QueryQmpSchema())).compare();
      report(
          release,
          machine + "-schema",
          List.copyOf(comparison.contradictions),
          List.copyOf(comparison.differences));
      assertThat(comparison.contradictions).isEmpty();
    }
  }

  private static boolean isQueryWithoutArguments(Schema schema, Command command) {
    return command.name().startsWith("query-")
        && (command.argumentType() == null
            || (!schema.object(command.argumentType()).isUnion()
                && schema.allMembers(schema.object(command.argumentType())).stream()
                    .allMatch(Schema.Member::optional)));
  }

  private static QmpCommand<?> instance(Command command) throws ReflectiveOperationException {
    String name = Names.COMMAND_PACKAGE + "." + Names.type(command.name());
    return Class.forName(name).asSubclass(QmpCommand.class).getConstructor().newInstance();
  }

  private static void report(
      RealQemu.Release release, String what, List<String> first, List<String> second)
      throws Exception {
    List<String> lines = new ArrayList<>(first);
    lines.add("");
    lines.addAll(second);
    Path file = Path.of("target", "qmp-reports", release + "-" + what + ".txt");
    Files.createDirectories(file.getParent());
    Files.write(file, lines);
  }
}
