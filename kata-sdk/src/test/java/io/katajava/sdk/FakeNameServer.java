package io.katajava.sdk;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** A name server on the loopback that knows a few names. */
final class FakeNameServer implements AutoCloseable {
  private final DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress());
  private final Map<String, String> known = new ConcurrentHashMap<>();
  private final Set<String> asked = ConcurrentHashMap.newKeySet();
  private final Thread thread = new Thread(this::serve, "fake-name-server");

  FakeNameServer() throws IOException {
    thread.start();
  }

  int port() {
    return socket.getLocalPort();
  }

  void answer(String name, String address) {
    known.put(name, address);
  }

  Set<String> asked() {
    return asked;
  }

  private void serve() {
    byte[] bytes = new byte[1500];
    try {
      while (true) {
        DatagramPacket query = new DatagramPacket(bytes, bytes.length);
        socket.receive(query);
        byte[] answer = answer(bytes);
        socket.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
      }
    } catch (IOException e) {
      // It is closed.
      return;
    }
  }

  private byte[] answer(byte[] query) throws IOException {
    StringBuilder name = new StringBuilder();
    int at = 12;
    for (int length = query[at]; length != 0; length = query[at]) {
      name.append(name.length() == 0 ? "" : ".")
          .append(new String(query, at + 1, length, StandardCharsets.US_ASCII));
      at += length + 1;
    }
    asked.add(name.toString());
    int type = query[at + 2];
    String address = known.get(name.toString());
    boolean answered = address != null && type == (address.indexOf(':') < 0 ? 1 : 28);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    DataOutputStream data = new DataOutputStream(out);
    data.write(query, 0, 2);
    data.writeShort(0x8180 | (address == null ? 3 : 0));
    data.writeShort(1);
    data.writeShort(answered ? 1 : 0);
    data.writeInt(0);
    data.write(query, 12, at + 5 - 12);
    if (answered) {
      byte[] bytes = InetAddress.getByName(address).getAddress();
      data.writeShort(0xc00c);
      data.writeShort(type);
      data.writeShort(1);
      data.writeInt(60);
      data.writeShort(bytes.length);
      data.write(bytes);
    }
    return out.toByteArray();
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
