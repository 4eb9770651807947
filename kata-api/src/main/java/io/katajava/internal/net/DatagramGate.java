package io.katajava.internal.net;

import java.nio.ByteBuffer;

/** Whether the guest's datagrams may leave, by the rules of its egress. */
final class DatagramGate implements UdpStack.Gate {
  private final EgressCheck egress;
  private final Refusals refusals;
  private final GuestSide guest;

  DatagramGate(EgressCheck egress, Refusals refusals, GuestSide guest) {
    this.egress = egress;
    this.refusals = refusals;
    this.guest = guest;
  }

  @Override
  public boolean allows(Ip address, int port, ByteBuffer frame) {
    EgressCheck.Decision decision = egress.decide(address, port);
    if (port != 0 && decision.allowed()) {
      return true;
    }
    if (!decision.later()) {
      refusals.refused("udp", address, port, decision);
      guest.unreachable(frame, FamilySide.Unreachable.PROHIBITED);
    }
    return false;
  }

  @Override
  public boolean allowsStill(Ip address, int port) {
    return egress.decide(address, port).allowed();
  }

  @Override
  public void unreachable(FamilySide.Quote quote, FamilySide.Unreachable why) {
    guest.unreachable(quote, why);
  }
}
