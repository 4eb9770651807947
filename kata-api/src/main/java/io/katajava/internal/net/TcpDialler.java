package io.katajava.internal.net;

import java.io.IOException;

/** Connects what the guest wants to be connected to. */
interface TcpDialler {
  /** What there is where the guest wants to. */
  enum Way {
    /** Nothing, or nothing for the guest. */
    NONE,
    /** It is not known yet whether the guest may; it will ask again. */
    LATER,
    /** A service of the gateway's own. */
    SERVICE,
    /** A socket of the host leads there. */
    SOCKET
  }

  Way way(Ip address, int port);

  /** The far end, which may be connecting still. */
  FarEnd dial(Ip address, int port) throws IOException;

  /** Tells the guest by ICMP that its packet went nowhere, before the connection is reset. */
  void unreachable(TcpEndpoints endpoints);
}
