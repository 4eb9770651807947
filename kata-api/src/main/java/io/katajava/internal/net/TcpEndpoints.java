package io.katajava.internal.net;

/**
 * The two ends of a connection as the guest sees them.
 *
 * @param address the address the guest talks to
 * @param port its port
 * @param guestAddress the guest's own address
 * @param guestPort its port
 */
record TcpEndpoints(Ip address, int port, Ip guestAddress, int guestPort) {
  @Override
  public String toString() {
    return address + " port " + port + " of guest port " + guestPort;
  }
}
