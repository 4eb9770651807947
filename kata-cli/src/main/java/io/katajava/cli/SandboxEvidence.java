package io.katajava.cli;

import io.katajava.SandboxRecord;
import io.katajava.SandboxRecord.RecordedProcess;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpOptions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What can be told of a sandbox of another JVM from outside. Its QMP connection belongs to that
 * JVM; only an extra monitor that speaks QMP can be asked.
 */
final class SandboxEvidence {
  private static final Duration LIMIT = Duration.ofSeconds(3);

  private SandboxEvidence() {}

  static Map<String, String> of(SandboxRecord sandbox) {
    Map<String, String> texts = new LinkedHashMap<>();
    texts.put("ledger.json", Json.pretty(PsCommand.toJson(sandbox)));
    for (RecordedProcess process : sandbox.processes()) {
      if (process.alive()) {
        texts.put("process-" + process.pid() + ".txt", process(process.pid()));
      }
    }
    texts.put("files.txt", files(sandbox.directory()));
    Path monitor = sandbox.directory().resolve("extra-monitor.sock");
    if (Files.exists(monitor)) {
      texts.put("qmp.json", monitor(monitor));
    }
    return texts;
  }

  private static String process(long pid) {
    Path proc = Path.of("/proc", String.valueOf(pid));
    StringBuilder text = new StringBuilder();
    for (String file : List.of("cmdline", "status", "limits", "cgroup", "wchan")) {
      text.append("== ").append(file).append('\n');
      try {
        text.append(
            Files.readString(proc.resolve(file), StandardCharsets.ISO_8859_1)
                .replace('\0', '\n')
                .stripTrailing());
      } catch (IOException e) {
        text.append("cannot be read: ").append(e.getMessage());
      }
      text.append('\n');
    }
    return text.toString();
  }

  private static String files(Path directory) {
    try (Stream<Path> found = Files.walk(directory, 3)) {
      StringBuilder text = new StringBuilder();
      for (Path file : found.sorted().toList()) {
        text.append(
            String.format(
                Locale.ROOT,
                "%s %10d %s%n",
                java.nio.file.attribute.PosixFilePermissions.toString(
                    Files.getPosixFilePermissions(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)),
                Files.isRegularFile(file, java.nio.file.LinkOption.NOFOLLOW_LINKS)
                    ? Files.size(file)
                    : 0,
                file));
      }
      return text.toString();
    } catch (IOException | java.io.UncheckedIOException e) {
      return "cannot list " + directory + ": " + e.getMessage() + "\n";
    }
  }

  private static String monitor(Path socket) {
    QmpOptions options =
        QmpOptions.builder().name("debug").connectTimeout(LIMIT).callTimeout(LIMIT).build();
    try (QmpClient qmp = QmpClient.connect(socket, options)) {
      return Json.pretty(QmpState.of(qmp));
    } catch (QmpException e) {
      return "the extra monitor does not answer as QMP: " + e.getMessage() + "\n";
    }
  }
}
