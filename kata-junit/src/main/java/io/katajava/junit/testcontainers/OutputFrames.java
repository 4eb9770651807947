package io.katajava.junit.testcontainers;

import io.katajava.ContainerLog;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.output.OutputFrame.OutputType;

/** A container's log as Testcontainers delivers it: a frame a line, and one for the end. */
final class OutputFrames {
  static final List<OutputType> BOTH = List.of(OutputType.STDOUT, OutputType.STDERR);

  private OutputFrames() {}

  static void follow(ContainerLog log, Consumer<OutputFrame> consumer, List<OutputType> wanted) {
    log.follow(
        line -> {
          if (wanted.contains(type(line))) {
            consumer.accept(
                new OutputFrame(type(line), text(line).getBytes(StandardCharsets.UTF_8)));
          }
        },
        () -> consumer.accept(OutputFrame.END));
  }

  static String text(ContainerLog log, List<OutputType> wanted) {
    return log.lines().stream()
        .filter(line -> wanted.contains(type(line)))
        .map(OutputFrames::text)
        .collect(Collectors.joining());
  }

  private static String text(ContainerLog.Line line) {
    return line.text() + "\n";
  }

  private static OutputType type(ContainerLog.Line line) {
    return switch (line.stream()) {
      case STDOUT -> OutputType.STDOUT;
      case STDERR -> OutputType.STDERR;
    };
  }
}
