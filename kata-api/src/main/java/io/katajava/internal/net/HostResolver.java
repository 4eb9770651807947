package io.katajava.internal.net;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host's own resolver: its hosts file, its search order, its servers. The JDK's way to it does
 * not tell a name that is not there from servers that are not there, and remembers either; so the C
 * library is asked. Structures are laid out by hand for 64-bit Linux, where glibc and musl agree.
 */
final class HostResolver {
  private static final Logger log = LoggerFactory.getLogger(HostResolver.class);

  private static final int CANONICAL_NAME = 2;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int SOCK_STREAM = 1;

  private static final int NO_SUCH_NAME = -2;
  private static final int NO_ADDRESS = -5;
  private static final int NO_ADDRESS_OF_FAMILY = -9;

  /** addrinfo: int flags, family, socktype, protocol, u32 length, 4 bytes, three pointers. */
  private static final int SIZE = 48;

  private static final int FAMILY = 4;
  private static final int SOCKET_TYPE = 8;
  private static final int ADDRESS = 24;
  private static final int NAME = 32;
  private static final int NEXT = 40;

  /** Whether the C library can be asked. */
  private static final boolean NATIVE = register();

  /** What it said. */
  enum Outcome {
    /** The name is there; it may have no address. */
    FOUND,
    /** There is no such name. */
    NO_SUCH_NAME,
    /** It could not say. */
    FAILED
  }

  /**
   * An answer.
   *
   * @param outcome what it said
   * @param addresses of the name
   * @param canonicalName the name that has them, if it is another one
   */
  record Answer(Outcome outcome, List<Ip> addresses, Optional<String> canonicalName) {
    static Answer failed() {
      return new Answer(Outcome.FAILED, List.of(), Optional.empty());
    }
  }

  private HostResolver() {}

  private static boolean register() {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      return false;
    }
    try {
      Native.register(HostResolver.class, "c");
      return Native.POINTER_SIZE == 8 && ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
    } catch (RuntimeException | LinkageError e) {
      log.debug("the C library cannot be asked for names: {}", e.toString());
      return false;
    }
  }

  private static native int getaddrinfo(
      String name, Pointer service, Pointer hints, PointerByReference result);

  private static native void freeaddrinfo(Pointer result);

  /** Asks for the addresses of a plain name. Blocks for as long as the host's settings say. */
  static Answer ask(String name) {
    return NATIVE ? askLibrary(name) : askJdk(name);
  }

  private static Answer askLibrary(String name) {
    try (com.sun.jna.Memory hints = new com.sun.jna.Memory(SIZE)) {
      hints.clear();
      hints.setInt(0, CANONICAL_NAME);
      hints.setInt(SOCKET_TYPE, SOCK_STREAM);
      PointerByReference result = new PointerByReference();
      int code = getaddrinfo(name, Pointer.NULL, hints, result);
      if (code != 0) {
        log.debug("the host's resolver has no address of {}: code {}", name, code);
        return new Answer(outcome(code), List.of(), Optional.empty());
      }
      try {
        return read(result.getValue());
      } finally {
        freeaddrinfo(result.getValue());
      }
    }
  }

  private static Outcome outcome(int code) {
    return switch (code) {
      case NO_SUCH_NAME -> Outcome.NO_SUCH_NAME;
      case NO_ADDRESS, NO_ADDRESS_OF_FAMILY -> Outcome.FOUND;
      default -> Outcome.FAILED;
    };
  }

  private static Answer read(Pointer first) {
    List<Ip> addresses = new ArrayList<>();
    String canonical = null;
    for (Pointer one = first; one != null; one = one.getPointer(NEXT)) {
      Pointer name = one.getPointer(NAME);
      if (name != null) {
        canonical = name.getString(0);
      }
      Pointer address = one.getPointer(ADDRESS);
      int family = one.getInt(FAMILY);
      // sockaddr_in has its address after 4 bytes, sockaddr_in6 after 8, in network order.
      if (address != null && family == AF_INET) {
        addresses.add(Ip.v4(Integer.reverseBytes(address.getInt(4))));
      } else if (address != null && family == AF_INET6) {
        addresses.add(Ip.readV6(address.getByteBuffer(8, 16).order(ByteOrder.BIG_ENDIAN), 0));
      }
    }
    return new Answer(Outcome.FOUND, addresses, Optional.ofNullable(canonical));
  }

  /** What is not found may be there: the JDK does not say. */
  private static Answer askJdk(String name) {
    try {
      List<Ip> addresses = new ArrayList<>();
      for (InetAddress address : InetAddress.getAllByName(name)) {
        addresses.add(Ip.of(address));
      }
      return new Answer(Outcome.FOUND, addresses, Optional.empty());
    } catch (UnknownHostException e) {
      log.debug("{} is not known: {}", name, e.toString());
      return Answer.failed();
    }
  }
}
