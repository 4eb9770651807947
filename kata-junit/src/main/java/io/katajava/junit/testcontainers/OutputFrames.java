package io.katajava.junit.testcontainers;

import io.katajava.ContainerLog;
import io.katajava.ContainerLog.End;
import io.katajava.ContainerLog.Line;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.testcontainers.containers.output.BaseConsumer;
import org.testcontainers.containers.output.OutputFrame;
import org.testcontainers.containers.output.OutputFrame.OutputType;

/**
 * A container's log as Testcontainers delivers it: a frame a line with its end, without the codes
 * of colours, and one frame for the end. A line that has not ended is a frame, too, when nothing
 * more comes; what it gets later is another.
 */
final class OutputFrames {
  static final List<OutputType> BOTH = List.of(OutputType.STDOUT, OutputType.STDERR);

  private static final Pattern COLOUR = Pattern.compile("\u001b\\[[0-9;]+m");

  /** A carriage return ends a frame, unless it belongs to the line's end. */
  private static final Pattern AFTER_RETURN = Pattern.compile("(?<=\r)(?!\n)");

  private final Consumer<OutputFrame> consumer;
  private final List<OutputType> wanted;
  private final boolean coloured;

  /** How many characters of a stream's open line were handed over. */
  private final Map<OutputType, Integer> given = new EnumMap<>(OutputType.class);

  private OutputFrames(Consumer<OutputFrame> consumer, List<OutputType> wanted) {
    this.consumer = consumer;
    this.wanted = wanted;
    this.coloured = consumer instanceof BaseConsumer<?> base && !base.isRemoveColorCodes();
  }

  static void follow(ContainerLog log, Consumer<OutputFrame> consumer, List<OutputType> wanted) {
    log.followOpen(
        new OutputFrames(consumer, wanted)::take, () -> consumer.accept(OutputFrame.END));
  }

  private void take(Line line) {
    OutputType type = type(line);
    if (!wanted.contains(type)) {
      return;
    }
    String written = line.written();
    int begin = Math.min(given.getOrDefault(type, 0), written.length());
    int end = written.length();
    if (line.end() == End.OPEN) {
      // Whether it is a part of the line's end is not known yet.
      end -= written.endsWith("\r") ? 1 : 0;
      given.put(type, Math.max(begin, end));
    } else {
      given.remove(type);
    }
    if (begin < end) {
      AFTER_RETURN
          .splitAsStream(written.substring(begin, end))
          .forEach(piece -> consumer.accept(new OutputFrame(type, bytes(piece))));
    }
  }

  private byte[] bytes(String text) {
    return (coloured ? text : plain(text)).getBytes(StandardCharsets.UTF_8);
  }

  private static String plain(String text) {
    return COLOUR.matcher(text).replaceAll("");
  }

  static String text(ContainerLog log, List<OutputType> wanted) {
    return log.lines().stream()
        .filter(line -> wanted.contains(type(line)))
        .map(line -> plain(line.written()))
        .collect(Collectors.joining());
  }

  private static OutputType type(Line line) {
    return switch (line.stream()) {
      case STDOUT -> OutputType.STDOUT;
      case STDERR -> OutputType.STDERR;
    };
  }
}
