package io.katajava.qemu.internal;

import io.katajava.json.JsonCursor;
import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpCommandException;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpOptions;
import io.katajava.qmp.QmpVersion;
import io.katajava.qmp.command.QomListProperties;
import io.katajava.qmp.command.QueryCommandLineOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;

/**
 * Asks a binary over QMP what it can do. Apart from its answer, which a start mostly has already.
 */
final class QemuProbe {
  private static final Duration REAP_LIMIT = Duration.ofSeconds(10);

  private QemuProbe() {}

  /**
   * Runs the binary without a machine and asks it.
   *
   * @param limit the longest wait for each answer
   * @throws IOException if it cannot be run or does not answer; the message has what it said
   */
  static QemuCapabilities probe(Path binary, Duration limit)
      throws IOException, InterruptedException {
    ProcessBuilder builder =
        new ProcessBuilder(
            binary.toString(),
            "-machine",
            "none",
            "-nodefaults",
            "-no-user-config",
            "-display",
            "none",
            "-S",
            "-qmp",
            "stdio");
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process = Spawner.spawn(builder);
    try (QmpClient qmp =
        QmpClient.over(
            new ProcessConnection(process),
            QmpOptions.builder().name("probe").connectTimeout(limit).callTimeout(limit).build())) {
      return new QemuCapabilities(
          qmp.version().map(Object::toString).orElse("unknown"),
          qmp.version().map(QmpVersion::distribution).orElse(""),
          hasOption(qmp, "sandbox"),
          machines(qmp),
          readOnlyMemory(qmp),
          Optional.of(StateTransport.of(qmp.schema())));
    } catch (QmpException | JsonException e) {
      throw new IOException(binary + " does not say what it can do: " + e.getMessage(), e);
    } finally {
      process.destroyForcibly();
      process.waitFor(REAP_LIMIT.toSeconds(), TimeUnit.SECONDS);
    }
  }

  /** Read by hand: only the names matter, and other members differ between versions. */
  private static List<String> machines(QmpClient qmp) {
    TreeSet<String> names = new TreeSet<>();
    JsonCursor.of(
            qmp.execute(QmpClient.command("query-machines", JsonObject.EMPTY)), "query-machines")
        .list(
            machine -> {
              names.add(machine.member("name").string());
              return machine.has("alias") && names.add(machine.member("alias").string());
            });
    return List.copyOf(names);
  }

  /** By its own word, not by its version: distributors bring properties to older ones. */
  private static boolean readOnlyMemory(QmpClient qmp) {
    try {
      return qmp.execute(new QomListProperties("memory-backend-file")).stream()
          .anyMatch(property -> property.name().equals("rom"));
    } catch (QmpCommandException e) {
      return false;
    }
  }

  private static boolean hasOption(QmpClient qmp, String option) {
    try {
      return !qmp.execute(QueryCommandLineOptions.builder().option(option).build()).isEmpty();
    } catch (QmpCommandException e) {
      return false;
    }
  }
}
