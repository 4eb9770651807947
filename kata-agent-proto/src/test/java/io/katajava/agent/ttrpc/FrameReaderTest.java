package io.katajava.agent.ttrpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class FrameReaderTest {

  @Property(tries = 300)
  void frames_inAnyChunking_comeOutWhole(
      @ForAll @Size(max = 20) List<byte[]> bodies,
      @ForAll @Size(min = 1, max = 5) List<@IntRange(min = 1, max = 40) Integer> chunks)
      throws IOException {
    ByteArrayOutputStream wire = new ByteArrayOutputStream();
    for (int i = 0; i < bodies.size(); i++) {
      ByteBuffer frame = Frame.start(bodies.get(i).length, i & 0xff, i * 3 & 0xff);
      frame.putInt(4, -i).put(bodies.get(i));
      wire.writeBytes(all(frame));
    }
    FrameReader reader = new FrameReader(new ScriptedConnection(wire.toByteArray(), chunks), false);
    for (int i = 0; i < bodies.size(); i++) {
      Frame frame = Objects.requireNonNull(reader.next());
      assertThat(frame.streamId()).isEqualTo(-i);
      assertThat(frame.type()).isEqualTo(i & 0xff);
      assertThat(frame.flags()).isEqualTo(i * 3 & 0xff);
      assertThat(frame.body()).isEqualTo(bodies.get(i));
    }
    assertThat(reader.next()).isNull();
  }

  @Property(tries = 300)
  void garbage_neverCausesAnythingButAnIoException(@ForAll byte[] garbage) {
    FrameReader reader = new FrameReader(new ScriptedConnection(garbage, List.of(7)), true);
    try {
      Frame frame;
      while ((frame = reader.next()) != null) {
        byte[] body = frame.body();
        if (body != null) {
          parse(body);
        }
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("the stream ended inside the");
    }
  }

  @Property(tries = 500)
  void garbledBodies_neverCauseAnythingButAnIoException(@ForAll byte[] body) {
    parse(body);
  }

  private static void parse(byte[] body) {
    try {
      Envelope.parseResponse(body);
    } catch (IOException expected) {
      assertThat(expected.getMessage()).isNotEmpty();
    }
    try {
      Envelope.parseRequest(body);
    } catch (IOException expected) {
      assertThat(expected.getMessage()).isNotEmpty();
    }
  }

  @Test
  void next_oversizedFrame_isRefusedOrSkipped() throws IOException {
    byte[] wire = new byte[10 + Frame.MAX_BODY + 1 + 10];
    ByteBuffer.wrap(wire).putInt(Frame.MAX_BODY + 1).putInt(5).put((byte) 1);
    ByteBuffer.wrap(wire).putInt(wire.length - 6, 7);
    FrameReader strict = new FrameReader(new ScriptedConnection(wire, List.of(1 << 20)), false);
    assertThatThrownBy(strict::next)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("announces 4194305 bytes");
    FrameReader lenient = new FrameReader(new ScriptedConnection(wire, List.of(1 << 20)), true);
    Frame skipped = Objects.requireNonNull(lenient.next());
    assertThat(skipped.body()).isNull();
    assertThat(skipped.streamId()).isEqualTo(5);
    assertThat(Objects.requireNonNull(lenient.next()).streamId()).isEqualTo(7);
  }

  @Test
  void request_ofHealthCheck_hasTheBytesOfTheProtocolDescription() {
    ByteBuffer frame =
        Envelope.request("grpc.Health", "Check", ByteBuffer.allocate(0), CallOptions.NONE, 0);
    frame.putInt(4, 1);
    assertThat(HexFormat.of().formatHex(all(frame)))
        .isEqualTo(
            "00000014" + "00000001" + "0100" + "0a0b677270632e4865616c7468" + "1205436865636b");
  }

  @Test
  void response_ofHealthCheck_hasTheBytesOfTheProtocolDescription() throws IOException {
    ByteBuffer payload = ByteBuffer.wrap(new byte[] {8, 1});
    ByteBuffer frame = Envelope.response(1, TtrpcStatus.OK, "", payload);
    assertThat(HexFormat.of().formatHex(all(frame)))
        .isEqualTo("00000006" + "00000001" + "0200" + "0a00" + "12020801");
    byte[] body = HexFormat.of().parseHex("0a0012020801");
    assertThat(Envelope.parseResponse(body).payload()).isEqualTo(payload);
  }

  @Test
  void request_withEverything_survivesTheRoundTrip() throws IOException {
    CallOptions options =
        CallOptions.within(java.time.Duration.ofMillis(1500))
            .withMetadata("traceparent", "00-ab-cd-01")
            .withMetadata("k", "1")
            .withMetadata("k", "2");
    ByteBuffer frame =
        Envelope.request("s", "m", ByteBuffer.wrap(new byte[] {1, 2, 3}, 1, 2), options, 0);
    frame.position(10);
    byte[] bytes = new byte[frame.remaining()];
    frame.get(bytes);
    TtrpcRequest request = Envelope.parseRequest(bytes);
    assertThat(request.service()).isEqualTo("s");
    assertThat(request.method()).isEqualTo("m");
    assertThat(request.bytes()).containsExactly(2, 3);
    assertThat(request.timeout()).hasMillis(1500);
    assertThat(request.metadata())
        .isEqualTo(Map.of("traceparent", List.of("00-ab-cd-01"), "k", List.of("1", "2")));
  }

  private static byte[] all(ByteBuffer frame) {
    byte[] bytes = new byte[frame.capacity()];
    frame.get(0, bytes);
    return bytes;
  }
}
