package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.IpFamily;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DnsMessageTest {

  @Test
  void question_isReadAndAnswered() {
    ByteBuffer bytes = ByteBuffer.wrap(UserNetworkTest.question("Www.Example.ORG"));
    DnsMessage question = DnsMessage.question(bytes).orElseThrow();
    assertThat(question.name()).isEqualTo("www.example.org");
    assertThat(question.type()).isEqualTo(DnsMessage.TYPE_A);
    List<Ip> addresses = List.of(Ip.parse("1.2.3.4"), Ip.parse("5.6.7.8"));
    ByteBuffer answer = question.answer(bytes, DnsMessage.OK, addresses, 60, 512);
    assertThat(DnsMessage.addresses(answer)).isEqualTo(addresses);
    assertThat(DnsMessage.isTruncated(answer)).isFalse();
    assertThat(DnsMessage.question(answer)).isEmpty();
  }

  @Test
  void answer_longerThanItMayBe_saysThatItLacksSome() {
    ByteBuffer bytes = ByteBuffer.wrap(UserNetworkTest.question("many.example", 28));
    DnsMessage question = DnsMessage.question(bytes).orElseThrow();
    assertThat(question.datagramLimit()).isEqualTo(512);
    List<Ip> many = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      many.add(new Ip(IpFamily.IPV6, 0x2001_0db8_0000_0000L, i));
    }
    ByteBuffer cut = question.answer(bytes, DnsMessage.OK, many, 60, 512);
    assertThat(cut.remaining()).isBetween(480, 512);
    assertThat(DnsMessage.isTruncated(cut)).isTrue();
    assertThat(DnsMessage.addresses(cut)).isEqualTo(many.subList(0, 17));
    ByteBuffer whole = question.answer(bytes, DnsMessage.OK, many, 60, 65535);
    assertThat(DnsMessage.addresses(whole)).isEqualTo(many);
    assertThat(DnsMessage.isTruncated(whole)).isFalse();
    assertThat(question.answer(bytes, DnsMessage.OK, many, 60, 10).remaining()).isEqualTo(30);
  }

  @Test
  void question_withOptions_saysHowLongAnAnswerMayBe() {
    byte[] plain = UserNetworkTest.question("a.example");
    ByteBuffer more = ByteBuffer.allocate(plain.length + 11).put(plain);
    more.putShort(10, (short) 1);
    more.put((byte) 0).putShort((short) 41).putShort((short) 1232).putInt(0).putShort((short) 0);
    assertThat(DnsMessage.question(more.flip()).orElseThrow().datagramLimit()).isEqualTo(1232);
    more.putShort(plain.length + 3, (short) 100);
    assertThat(DnsMessage.question(more).orElseThrow().datagramLimit()).isEqualTo(512);
  }

  @Test
  void label_withADotOrOtherBytes_isWrittenSoThatNoOtherNameIsMeant() {
    byte[] bytes = UserNetworkTest.question("goodxexample.org");
    bytes[12 + 1 + 4] = '.';
    DnsMessage dotted = DnsMessage.question(ByteBuffer.wrap(bytes)).orElseThrow();
    assertThat(dotted.name()).isEqualTo("good\\046example.org");
    assertThat(dotted.isForAHost()).isFalse();
    DnsMessage printer =
        DnsMessage.question(ByteBuffer.wrap(UserNetworkTest.question("My Printer._ipp.B\u00fc")))
            .orElseThrow();
    assertThat(printer.name()).isEqualTo("my\\032printer._ipp.b\\195\\188");
    assertThat(printer.isForAHost()).isFalse();
    assertThat(
            DnsMessage.question(ByteBuffer.wrap(UserNetworkTest.question("a\u001b[31m.example")))
                .orElseThrow()
                .name())
        .isEqualTo("a\\027\\09131m.example");
  }

  private static ByteBuffer complaint(byte[] message) {
    return Objects.requireNonNull(DnsMessage.complaint(ByteBuffer.wrap(message)));
  }

  @Test
  void request_thatIsNoQuestion_isAnsweredWithItsReason() {
    byte[] update = UserNetworkTest.question("example.org");
    update[2] = 0x28;
    ByteBuffer no = complaint(update);
    assertThat(UserNetworkTest.bytes(no))
        .containsExactly(
            4711 >> 8, 4711 & 255, 0xa8, DnsMessage.NOT_IMPLEMENTED, 0, 0, 0, 0, 0, 0, 0, 0);
    byte[] two = UserNetworkTest.question("example.org");
    two[5] = 2;
    assertThat(DnsMessage.question(ByteBuffer.wrap(two))).isEmpty();
    assertThat(complaint(two).get(3) & 15).isEqualTo(DnsMessage.FORMAT_ERROR);
    byte[] answer = UserNetworkTest.question("example.org");
    answer[2] |= (byte) 0x80;
    assertThat(DnsMessage.complaint(ByteBuffer.wrap(answer))).isNull();
    assertThat(DnsMessage.complaint(ByteBuffer.wrap(new byte[11]))).isNull();
    // A pointer where there is nothing before to point at.
    byte[] pointer = UserNetworkTest.question("example.org");
    pointer[12] = (byte) 0xc0;
    assertThat(DnsMessage.question(ByteBuffer.wrap(pointer))).isEmpty();
  }

  @Test
  void names_ofAnAnswer_areThoseThatLeadToItsAddresses() {
    ByteBuffer question = DnsMessage.ask(7, "www.example", DnsMessage.TYPE_A);
    ByteBuffer answer = ByteBuffer.allocate(200).put(question.duplicate());
    answer.putShort(2, (short) 0x8180).putShort(6, (short) 2);
    answer.putShort((short) 0xc00c).putShort((short) 5).putShort((short) 1).putInt(300);
    answer.putShort((short) 6).put(new byte[] {3, 'B', 'A', 'd', (byte) 0xc0, 16});
    answer.putShort((short) (0xc000 | (answer.position() - 6)));
    answer
        .putShort((short) 1)
        .putShort((short) 1)
        .putInt(20)
        .putShort((short) 4)
        .putInt(0x01020304);
    DnsAnswer read = DnsAnswer.read(answer.flip());
    assertThat(read.names()).containsExactlyInAnyOrder("bad.example", "www.example");
    assertThat(read.addresses()).containsExactly(Ip.parse("1.2.3.4"));
    assertThat(read.seconds()).isEqualTo(20);
    assertThat(read.code()).isEqualTo(DnsMessage.OK);
  }

  @Test
  void messages_damaged_areNoQuestionsAndHaveNoMoreAddressesThanTheyHold() {
    Random random = new Random(1);
    byte[] good = UserNetworkTest.question("some.example.org");
    DnsMessage question = DnsMessage.question(ByteBuffer.wrap(good)).orElseThrow();
    List<Ip> addresses = List.of(Ip.v4(1), Ip.v4(2), Ip.v4(3));
    byte[] answer =
        UserNetworkTest.bytes(
            question.answer(ByteBuffer.wrap(good), DnsMessage.OK, addresses, 60, 512));
    for (int i = 0; i < 50_000; i++) {
      byte[] bytes = (i % 2 == 0 ? good : answer).clone();
      for (int flips = random.nextInt(6); flips >= 0; flips--) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      ByteBuffer cut = ByteBuffer.wrap(bytes, 0, random.nextInt(bytes.length + 1));
      DnsMessage.question(cut).ifPresent(read -> assertThat(read.name()).hasSizeLessThan(1024));
      assertThat(DnsMessage.addresses(cut)).hasSizeLessThan(20);
    }
  }
}
