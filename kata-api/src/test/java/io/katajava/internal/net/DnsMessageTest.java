package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
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
    byte[] answer = question.answer(bytes, DnsMessage.OK, List.of(0x01020304, 0x05060708), 60);
    assertThat(DnsMessage.addresses(ByteBuffer.wrap(answer)))
        .containsExactly(0x01020304, 0x05060708);
    assertThat(DnsMessage.question(ByteBuffer.wrap(answer))).isEmpty();
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
    byte[] answer = question.answer(ByteBuffer.wrap(good), DnsMessage.OK, List.of(1, 2, 3), 60);
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
