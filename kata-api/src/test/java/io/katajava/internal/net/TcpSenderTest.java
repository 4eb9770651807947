package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TcpSenderTest {
  private static final int FIRST = 1000;

  private record Sent(int flags, int sequence, int length) {}

  private final List<Sent> sent = new ArrayList<>();
  private boolean full;
  private final TcpSender sender =
      new TcpSender(
          (flags, sequence, offset, length) -> !full && sent.add(new Sent(flags, sequence, length)),
          new Ring.Budget(1 << 20),
          FIRST);

  @BeforeEach
  void open() {
    sender.syn(Packets.SYN);
    TcpSegment granted = acknowledgment(FIRST + 1);
    granted.flags |= Packets.SYN;
    granted.segmentLimit = 100;
    sender.takeOptions(granted, 1460);
    sender.opened(granted);
    sent.clear();
  }

  private static TcpSegment acknowledgment(int number) {
    TcpSegment segment = new TcpSegment();
    segment.flags = Packets.ACK;
    segment.acknowledgment = number;
    segment.window = 250;
    segment.windowScale = -1;
    return segment;
  }

  private void read(int bytes) throws IOException {
    sender.readFrom(Channels.newChannel(new ByteArrayInputStream(new byte[bytes])));
  }

  @Test
  void data_beyondTheWindow_waitsUntilAWholeSegmentFits() throws IOException {
    read(300);
    sender.send();

    assertThat(sent)
        .containsExactly(
            new Sent(Packets.ACK, FIRST + 1, 100), new Sent(Packets.ACK, FIRST + 101, 100));

    sent.clear();
    assertThat(sender.acknowledged(acknowledgment(FIRST + 201))).isTrue();
    sender.send();

    assertThat(sent).containsExactly(new Sent(Packets.ACK | Packets.PSH, FIRST + 201, 100));
  }

  @Test
  void thirdDuplicate_hasAllSentAgainFromTheOldest() throws IOException {
    read(100);
    sender.send();
    sent.clear();
    for (int i = 0; i < 3; i++) {
      sender.send();
      assertThat(sent).isEmpty();
      assertThat(sender.acknowledged(acknowledgment(FIRST + 1))).isFalse();
    }
    sender.send();

    assertThat(sent).containsExactly(new Sent(Packets.ACK | Packets.PSH, FIRST + 1, 100));
  }

  @Test
  void fullLink_losesNothing() throws IOException {
    read(100);
    full = true;
    sender.send();
    full = false;
    sender.send();

    assertThat(sent).containsExactly(new Sent(Packets.ACK | Packets.PSH, FIRST + 1, 100));
  }

  @Test
  void acknowledgment_ofWhatWasNeverSent_isAhead() {
    assertThat(sender.isAhead(acknowledgment(FIRST + 2))).isTrue();
    assertThat(sender.isAhead(acknowledgment(FIRST + 1))).isFalse();
    assertThat(sender.isAhead(acknowledgment(FIRST - 7))).isFalse();
  }

  @Test
  void end_isDone_onceItIsAcknowledged() throws IOException {
    read(0);
    sender.send();

    assertThat(sent).containsExactly(new Sent(Packets.FIN | Packets.ACK, FIRST + 1, 0));
    assertThat(sender.isDone()).isFalse();

    sender.acknowledged(acknowledgment(FIRST + 2));

    assertThat(sender.isDone()).isTrue();
  }
}
