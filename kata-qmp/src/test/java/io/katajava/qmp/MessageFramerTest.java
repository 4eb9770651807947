package io.katajava.qmp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.json.JsonException;
import io.katajava.json.JsonValue;
import io.katajava.json.JsonValues;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.Size;

class MessageFramerTest {

  @Provide
  Arbitrary<JsonValue> messages() {
    return JsonValues.objects();
  }

  @Property(tries = 500)
  void messages_inAnyChunks_comeOutWhole(
      @ForAll @Size(max = 20) List<@net.jqwik.api.From("messages") JsonValue> messages,
      @ForAll boolean pretty,
      @ForAll long seed) {
    StringBuilder stream = new StringBuilder();
    messages.forEach(m -> stream.append(pretty ? pretty(m.toJson()) : m.toJson()).append("\r\n"));
    byte[] bytes = stream.toString().getBytes(UTF_8);
    MessageFramer framer = new MessageFramer(1 << 20, false);
    List<JsonValue> received = new ArrayList<>();
    Random random = new Random(seed);
    for (int i = 0; i < bytes.length; ) {
      int length = Math.min(bytes.length - i, 1 + random.nextInt(random.nextBoolean() ? 5 : 5000));
      framer.append(ByteBuffer.wrap(bytes, i, length));
      drain(framer, received);
      i += length;
    }
    assertThat(received).isEqualTo(messages);
    assertThat(framer.isInside()).isFalse();
  }

  @Property(tries = 2000)
  void bytes_ofAnyKind_areAMessageOrARefusal(@ForAll byte[] bytes, @ForAll boolean resettable) {
    MessageFramer framer = new MessageFramer(1 << 20, resettable);
    survive(framer, bytes);
  }

  @Property(tries = 2000)
  void message_withAFewBytesChanged_isAMessageOrARefusal(
      @ForAll("messages") JsonValue message, @ForAll long seed) {
    byte[] bytes = (message.toJson() + "\r\n" + message.toJson() + "\r\n").getBytes(UTF_8);
    Random random = new Random(seed);
    for (int i = 0; i <= random.nextInt(4); i++) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    survive(new MessageFramer(1 << 20, random.nextBoolean()), bytes);
  }

  private static void survive(MessageFramer framer, byte[] bytes) {
    try {
      framer.append(ByteBuffer.wrap(bytes));
      drain(framer, new ArrayList<>());
    } catch (QmpProtocolException | JsonException e) {
      assertThat(e.getMessage()).isNotEmpty();
    }
  }

  private static void drain(MessageFramer framer, List<JsonValue> received) {
    for (MessageFramer.Slice slice = framer.next(); slice != null; slice = framer.next()) {
      received.add(JsonValue.parse(framer.bytes(), slice.offset(), slice.length()));
    }
  }

  /** As QEMU's qmp-pretty does: a line per member, indented by four. */
  private static String pretty(String json) {
    StringBuilder out = new StringBuilder();
    boolean string = false;
    int depth = 0;
    for (int i = 0; i < json.length(); i++) {
      char c = json.charAt(i);
      if (string) {
        out.append(c);
        if (c == '\\') {
          out.append(json.charAt(++i));
        } else if (c == '"') {
          string = false;
        }
        continue;
      }
      if (c == '"') {
        string = true;
      }
      if (c == '}' || c == ']') {
        out.append('\n').append("    ".repeat(--depth));
      }
      out.append(c);
      if (c == '{' || c == '[') {
        depth++;
      }
      if (c == '{' || c == '[' || c == ',') {
        out.append('\n').append("    ".repeat(depth));
      }
    }
    return out.toString();
  }

  @Example
  void reset_inTheMiddleOfAMessage_forgetsWhatCameBefore() {
    MessageFramer framer = new MessageFramer(1 << 20, true);
    byte[] bytes = "{\"stale\": \"?{\"return\": 1}\n".getBytes(UTF_8);
    bytes[11] = (byte) 0xFF;
    framer.append(ByteBuffer.wrap(bytes));
    List<JsonValue> received = new ArrayList<>();
    drain(framer, received);
    assertThat(received).containsExactly(JsonValue.parse("{\"return\": 1}"));
  }

  @Property(tries = 20)
  void limit_isExact(@ForAll("lengths") int limit) {
    String fits = "{\"a\":\"" + "x".repeat(limit - 8) + "\"}";
    MessageFramer framer = new MessageFramer(limit, false);
    framer.append(ByteBuffer.wrap(fits.getBytes(UTF_8)));
    assertThat(framer.next()).isNotNull();
    MessageFramer strict = new MessageFramer(limit - 1, false);
    strict.append(ByteBuffer.wrap(fits.getBytes(UTF_8)));
    org.assertj.core.api.Assertions.assertThatThrownBy(strict::next)
        .isInstanceOf(QmpProtocolException.class);
  }

  @Provide
  Arbitrary<Integer> lengths() {
    return Arbitraries.integers().between(10, 100_000);
  }
}
