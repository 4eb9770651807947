package io.katajava.internal.exec;

import io.katajava.ContainerLog.End;
import io.katajava.ContainerLog.Line;
import io.katajava.ContainerLog.Stream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** The bytes of a line that has not ended yet. A line is never cut within a character. */
public final class OpenLine {
  private static final int LONGEST_CHARACTER = 4;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  public void add(byte b) {
    bytes.write(b);
  }

  public boolean isEmpty() {
    return bytes.size() == 0;
  }

  public boolean isFull() {
    return bytes.size() >= LineConsumer.MAX_LINE;
  }

  /** As far as it came. */
  public Line open(Stream stream) {
    byte[] line = bytes.toByteArray();
    return line(stream, line, whole(line), End.OPEN);
  }

  /** Its end was written. */
  public Line takeEnded(Stream stream) {
    byte[] line = bytes.toByteArray();
    bytes.reset();
    boolean returned = line.length > 0 && line[line.length - 1] == '\r';
    return returned
        ? line(stream, line, line.length - 1, End.RETURN_AND_NEWLINE)
        : line(stream, line, line.length, End.NEWLINE);
  }

  /** It is too long; what follows is another line. */
  public Line takeCut(Stream stream) {
    byte[] line = bytes.toByteArray();
    int whole = whole(line);
    bytes.reset();
    bytes.write(line, whole, line.length - whole);
    return line(stream, line, whole, End.NONE);
  }

  /** Nothing follows. */
  public Line takeLast(Stream stream) {
    byte[] line = bytes.toByteArray();
    bytes.reset();
    return line(stream, line, line.length, End.NONE);
  }

  private static Line line(Stream stream, byte[] line, int length, End end) {
    return new Line(
        Instant.now(), stream, new String(line, 0, length, StandardCharsets.UTF_8), end);
  }

  /** How many bytes there are without a last character of which more is to come. */
  private static int whole(byte[] line) {
    for (int back = 1; back < LONGEST_CHARACTER && back <= line.length; back++) {
      int lead = line[line.length - back] & 0xff;
      if (lead >= 0xc0) {
        int wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
        return wanted > back ? line.length - back : line.length;
      }
      if (lead < 0x80) {
        break;
      }
    }
    return line.length;
  }
}
