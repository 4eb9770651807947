package io.katajava.internal.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.EgressPolicy;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The name server of a user network: datagrams, connections, and the servers behind it. */
@Timeout(120)
class NameServerTest {
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final Ip GATEWAY = FakeGuestLink.GATEWAY;
  private static final List<Ip> MANY = many(100);

  private static List<Ip> many(int count) {
    List<Ip> many = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      many.add(Ip.v4(0x01000001 + i));
    }
    return many;
  }

  private static OpenNetwork open(EgressPolicy policy, List<InetSocketAddress> servers)
      throws IOException {
    return new OpenNetwork(policy, List.of(), Map.of("many", MANY), servers, ip -> true);
  }

  /** Questions as they are on a connection. */
  private static byte[] framed(byte[]... questions) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] question : questions) {
      all.write(question.length >> 8);
      all.write(question.length);
      all.writeBytes(question);
    }
    return all.toByteArray();
  }

  private static byte[] numbered(int id, String name) {
    byte[] question = UserNetworkTest.question(name);
    return ByteBuffer.wrap(question).putShort(0, (short) id).array();
  }

  @Test
  void answer_tooLongForADatagram_saysSoAndComesWholeOnAConnection() throws Exception {
    try (OpenNetwork open = open(EgressPolicy.denyAll(), List.of())) {
      open.guest.udp(GATEWAY, 40000, 53, UserNetworkTest.question("many"));
      ByteBuffer cut = ByteBuffer.wrap(open.guest.next().data());
      assertThat(cut.remaining()).isLessThanOrEqualTo(512);
      assertThat(DnsMessage.isTruncated(cut)).isTrue();
      assertThat(DnsMessage.addresses(cut)).isNotEmpty().isSubsetOf(MANY);

      FakeStream stream = new FakeStream(open.guest, GATEWAY, 40001, 53);
      stream.write(framed(numbered(1, "many"), numbered(2, "other.example"), numbered(3, "MANY")));
      for (int id = 1; id <= 3; id++) {
        ByteBuffer answer = stream.message();
        assertThat(answer.getShort(0)).isEqualTo((short) id);
        assertThat(DnsMessage.isTruncated(answer)).isFalse();
        if (id == 2) {
          assertThat(answer.get(3) & 15).isEqualTo(DnsMessage.REFUSED);
        } else {
          assertThat(DnsMessage.addresses(answer)).isEqualTo(MANY);
        }
      }
      assertThat(open.refused().destination()).isEqualTo("other.example");
      // Byte by byte, and ended by the guest, who gets its answer still.
      for (byte one : framed(numbered(4, "many"))) {
        stream.write(new byte[] {one});
      }
      stream.shutdown();
      assertThat(stream.message().getShort(0)).isEqualTo((short) 4);
      stream.awaitEnd();
    }
  }

  @Test
  void answer_thatAServerCut_isFetchedWholeForAConnectionOnly() throws Exception {
    List<Ip> whole = many(60);
    try (CuttingServer server = new CuttingServer(whole);
        OpenNetwork open =
            open(EgressPolicy.denyAll().allow("*.example"), List.of(server.address()))) {
      open.guest.udp(GATEWAY, 40000, 53, UserNetworkTest.question("big.example"));
      ByteBuffer cut = ByteBuffer.wrap(open.guest.next().data());
      assertThat(DnsMessage.isTruncated(cut)).isTrue();
      FakeStream stream = new FakeStream(open.guest, GATEWAY, 40001, 53);
      stream.write(framed(UserNetworkTest.question("big.example")));
      assertThat(DnsMessage.addresses(stream.message())).isEqualTo(whole);
    }
  }

  /** Cuts its answers in datagrams, and gives them whole on connections. */
  private static final class CuttingServer implements AutoCloseable {
    private final ServerSocket stream = new ServerSocket(0, 5, LOOPBACK);
    private final DatagramSocket datagrams = new DatagramSocket(stream.getLocalPort(), LOOPBACK);
    private final List<Ip> addresses;
    private final Thread first = new Thread(this::datagrams, "cutting-server-1");
    private final Thread second = new Thread(this::streams, "cutting-server-2");

    CuttingServer(List<Ip> addresses) throws IOException {
      this.addresses = addresses;
      first.start();
      second.start();
    }

    InetSocketAddress address() {
      return new InetSocketAddress(LOOPBACK, stream.getLocalPort());
    }

    private byte[] answer(byte[] question, int longest) {
      ByteBuffer bytes = ByteBuffer.wrap(question);
      return UserNetworkTest.bytes(
          DnsMessage.question(bytes)
              .orElseThrow()
              .answer(bytes, DnsMessage.OK, addresses, 60, longest));
    }

    private void datagrams() {
      try {
        while (true) {
          DatagramPacket query = new DatagramPacket(new byte[1500], 1500);
          datagrams.receive(query);
          byte[] answer = answer(Arrays.copyOf(query.getData(), query.getLength()), 100);
          datagrams.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
        }
      } catch (IOException e) {
        // It is closed.
        return;
      }
    }

    private void streams() {
      while (true) {
        try (Socket client = stream.accept()) {
          DataInputStream in = new DataInputStream(client.getInputStream());
          byte[] question = in.readNBytes(in.readUnsignedShort());
          client.getOutputStream().write(framed(answer(question, 65535)));
        } catch (IOException e) {
          if (stream.isClosed()) {
            return;
          }
        }
      }
    }

    @Override
    public void close() throws IOException {
      datagrams.close();
      stream.close();
      try {
        first.join();
        second.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Test
  void questions_moreThanAConnectionMayHaveOpen_waitForAnswers() throws Exception {
    try (DatagramSocket server = new DatagramSocket(0, LOOPBACK);
        OpenNetwork open =
            open(
                EgressPolicy.denyAll().allow("*.example"),
                List.of((InetSocketAddress) server.getLocalSocketAddress()))) {
      LinkedBlockingQueue<DatagramPacket> asked = new LinkedBlockingQueue<>();
      new Thread(
              () -> {
                try {
                  while (true) {
                    DatagramPacket query = new DatagramPacket(new byte[1500], 1500);
                    server.receive(query);
                    asked.add(query);
                  }
                } catch (IOException e) {
                  return;
                }
              },
              "slow-server")
          .start();
      FakeStream stream = new FakeStream(open.guest, GATEWAY, 40001, 53);
      int all = 3 * DnsStream.MOST_PENDING;
      byte[][] questions = new byte[all][];
      for (int i = 0; i < all; i++) {
        questions[i] = numbered(i, "n" + i + ".example");
      }
      stream.write(framed(questions));
      int answered = 0;
      for (int i = 0; i < all; i++) {
        DatagramPacket query = asked.poll(60, TimeUnit.SECONDS);
        assertThat(query).isNotNull();
        assertThat(i + 1 - answered + asked.size()).isLessThanOrEqualTo(DnsStream.MOST_PENDING);
        ByteBuffer bytes = ByteBuffer.wrap(query.getData(), 0, query.getLength());
        byte[] answer =
            UserNetworkTest.bytes(
                DnsMessage.question(bytes)
                    .orElseThrow()
                    .answer(bytes, DnsMessage.OK, many(1), 60, 512));
        server.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
        assertThat(DnsMessage.addresses(stream.message())).isEqualTo(many(1));
        answered++;
      }
    }
  }

  @Test
  void connection_withWhatIsNoQuestion_isEndedAndOthersAreNot() throws Exception {
    try (OpenNetwork open = open(EgressPolicy.denyAll(), List.of())) {
      FakeStream good = new FakeStream(open.guest, GATEWAY, 40001, 53);
      List<byte[]> bad =
          List.of(
              new byte[] {0, 0},
              new byte[] {0, 1, 7},
              new byte[] {-1, -1, 1, 2, 3},
              new byte[] {
                (byte) ((DnsStream.LONGEST_QUESTION + 1) >> 8),
                (byte) (DnsStream.LONGEST_QUESTION + 1)
              },
              framed(new byte[100]));
      int port = 40002;
      for (byte[] bytes : bad) {
        FakeStream stream = new FakeStream(open.guest, GATEWAY, port++, 53);
        stream.write(bytes);
        stream.awaitEnd();
      }
      Random random = new Random(5);
      for (int i = 0; i < 200; i++) {
        FakeStream stream = new FakeStream(open.guest, GATEWAY, port++, 53);
        byte[] bytes = framed(numbered(1, "many"), numbered(2, "many"));
        for (int flips = 1 + random.nextInt(8); flips > 0; flips--) {
          bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
        }
        stream.write(bytes);
        stream.shutdown();
        stream.awaitEnd();
      }
      good.write(framed(numbered(9, "many")));
      assertThat(good.message().getShort(0)).isEqualTo((short) 9);
    }
  }

  @Test
  void connections_moreThanTheLimit_areRefused() throws Exception {
    try (OpenNetwork open = open(EgressPolicy.denyAll(), List.of())) {
      for (int i = 0; i < DnsProxy.MOST_PENDING; i++) {
        assertThat(new FakeStream(open.guest, GATEWAY, 40000 + i, 53)).isNotNull();
      }
      open.guest.tcp(GATEWAY, 50000, 53, Packets.SYN, 7, 0, new byte[0]);
      assertThat(open.guest.next(Packets.RST).guestPort()).isEqualTo(50000);
    }
  }
}
