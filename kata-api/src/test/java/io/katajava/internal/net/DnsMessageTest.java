package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.IpFamily;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
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
  void label_withADot_isNoName() {
    byte[] bytes = UserNetworkTest.question("goodxexample");
    bytes[12 + 1 + 4] = '.';
    assertThat(DnsMessage.question(ByteBuffer.wrap(bytes))).isEmpty();
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
      DnsMessage.question(cut).ifPresent(read -> assertThat(read.name()).hasSizeLessThan(320));
      assertThat(DnsMessage.addresses(cut)).hasSizeLessThan(20);
    }
  }
}
