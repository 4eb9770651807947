package io.katajava.internal.net;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/**
 * A name server of the loopback that answers as a test says, and says nothing where it does not.
 */
final class ScriptedNameServer implements AutoCloseable {
  private static final int LASTS_SECONDS = 1;

  /** An answer to all questions for a name. */
  private record Script(int code, List<Ip> addresses) {}

  private final DatagramSocket socket;
  private final Map<String, Script> scripts = new ConcurrentHashMap<>();
  private final Map<String, String> aliases = new ConcurrentHashMap<>();
  private final Thread thread = new Thread(this::serve, "scripted-name-server");
  private volatile @Nullable Script others;

  /** Every question as it came. */
  final BlockingQueue<byte[]> asked = new LinkedBlockingQueue<>();

  ScriptedNameServer() throws IOException {
    this(0);
  }

  ScriptedNameServer(int port) throws IOException {
    socket = new DatagramSocket(port, InetAddress.getLoopbackAddress());
    thread.start();
  }

  InetSocketAddress address() {
    return (InetSocketAddress) socket.getLocalSocketAddress();
  }

  ScriptedNameServer says(String name, int code, String... addresses) {
    scripts.put(name, new Script(code, Arrays.stream(addresses).map(Ip::parse).toList()));
    return this;
  }

  ScriptedNameServer alias(String name, String of) {
    aliases.put(name, of);
    return this;
  }

  ScriptedNameServer saysOtherwise(int code, String... addresses) {
    others = new Script(code, Arrays.stream(addresses).map(Ip::parse).toList());
    return this;
  }

  private void serve() {
    try {
      while (true) {
        DatagramPacket query = new DatagramPacket(new byte[1500], 1500);
        socket.receive(query);
        byte[] bytes = Arrays.copyOf(query.getData(), query.getLength());
        asked.add(bytes);
        byte[] answer = answer(ByteBuffer.wrap(bytes));
        if (answer != null) {
          socket.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
        }
      }
    } catch (IOException e) {
      // It is closed.
      return;
    }
  }

  private byte @Nullable [] answer(ByteBuffer message) {
    Optional<DnsMessage> read = DnsMessage.question(message);
    if (read.isEmpty()) {
      return null;
    }
    DnsMessage question = read.get();
    String alias = aliases.get(question.name());
    Script script = scripts.getOrDefault(alias == null ? question.name() : alias, others);
    if (script == null) {
      return null;
    }
    List<Ip> addresses =
        script.addresses().stream()
            .filter(ip -> question.type() == (ip.isIpv6() ? 28 : 1))
            .toList();
    ByteBuffer plain = question.answer(message, script.code(), addresses, LASTS_SECONDS, 65535);
    return alias == null ? UserNetworkTest.bytes(plain) : aliased(plain, question, alias);
  }

  /** Puts an alias before the addresses, which are the other name's then. */
  private static byte[] aliased(ByteBuffer plain, DnsMessage question, String alias) {
    ByteBuffer name = DnsMessage.ask(0, alias, 1).position(12);
    name.limit(name.limit() - 4);
    ByteBuffer to = ByteBuffer.allocate(1500).put(plain.duplicate().limit(question.questionEnd()));
    to.putShort(6, (short) (1 + plain.getShort(6)));
    to.putShort((short) 0xc00c).putShort((short) 5).putShort((short) 1).putInt(LASTS_SECONDS);
    to.putShort((short) name.remaining());
    int other = to.position();
    to.put(name);
    ByteBuffer records = plain.duplicate().position(question.questionEnd());
    for (int i = 0; i < plain.getShort(6); i++) {
      int length = 10 + (records.getShort(records.position() + 10) & 0xffff);
      to.putShort((short) (0xc000 | other));
      records.getShort();
      to.put(records.slice().limit(length));
      records.position(records.position() + length);
    }
    return Arrays.copyOf(to.array(), to.position());
  }

  @Override
  public void close() {
    socket.close();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
