package io.katajava.agent;

import com.google.protobuf.ByteString;
import io.katajava.agent.internal.wire.ARPNeighbor;
import io.katajava.agent.internal.wire.ARPNeighbors;
import io.katajava.agent.internal.wire.AddARPNeighborsRequest;
import io.katajava.agent.internal.wire.GetIPTablesRequest;
import io.katajava.agent.internal.wire.GetIPTablesResponse;
import io.katajava.agent.internal.wire.IPAddress;
import io.katajava.agent.internal.wire.IPFamily;
import io.katajava.agent.internal.wire.Interface;
import io.katajava.agent.internal.wire.Interfaces;
import io.katajava.agent.internal.wire.ListInterfacesRequest;
import io.katajava.agent.internal.wire.ListRoutesRequest;
import io.katajava.agent.internal.wire.Route;
import io.katajava.agent.internal.wire.Routes;
import io.katajava.agent.internal.wire.SetIPTablesRequest;
import io.katajava.agent.internal.wire.SetIPTablesResponse;
import io.katajava.agent.internal.wire.UpdateInterfaceRequest;
import io.katajava.agent.internal.wire.UpdateRoutesRequest;
import java.time.Duration;
import java.util.List;

/**
 * The calls about the guest's network. Works before a sandbox is created. Reached by {@link
 * AgentClient#network}.
 */
public final class AgentNetwork {
  private final AgentCalls calls;
  private final Duration deadline;

  AgentNetwork(AgentCalls calls, Duration deadline) {
    this.calls = calls;
    this.deadline = deadline;
  }

  /**
   * Finds an interface by its MAC address, else by name, and sets it up ({@code UpdateInterface}).
   *
   * @param wanted how it shall be
   * @return what the agent made of it
   */
  public NetworkInterface updateInterface(NetworkInterface wanted) {
    UpdateInterfaceRequest request =
        UpdateInterfaceRequest.newBuilder().setInterface(wire(wanted)).build();
    return value(
        calls.call("UpdateInterface", wanted.name(), request, Interface.parser(), deadline));
  }

  /**
   * Adds or replaces routes, those without gateway first ({@code UpdateRoutes}). None is deleted.
   *
   * @param routes the routes
   * @return all routes of the main table
   */
  public List<NetworkRoute> updateRoutes(List<NetworkRoute> routes) {
    Routes list =
        Routes.newBuilder().addAllRoutes(routes.stream().map(AgentNetwork::wire).toList()).build();
    UpdateRoutesRequest request = UpdateRoutesRequest.newBuilder().setRoutes(list).build();
    return value(calls.call("UpdateRoutes", "", request, Routes.parser(), deadline));
  }

  /**
   * Lists interfaces ({@code ListInterfaces}). Upstream's agent writes MAC addresses in upper case.
   *
   * @return all of them
   */
  public List<NetworkInterface> listInterfaces() {
    return calls
        .call(
            "ListInterfaces",
            "",
            ListInterfacesRequest.getDefaultInstance(),
            Interfaces.parser(),
            deadline)
        .getInterfacesList()
        .stream()
        .map(AgentNetwork::value)
        .toList();
  }

  /**
   * Lists routes ({@code ListRoutes}). Upstream's agent lists the default route as 0.0.0.0, of IPv6
   * as ::1.
   *
   * @return all of the main table
   */
  public List<NetworkRoute> listRoutes() {
    return value(
        calls.call(
            "ListRoutes", "", ListRoutesRequest.getDefaultInstance(), Routes.parser(), deadline));
  }

  /**
   * Makes neighbours known ({@code AddARPNeighbors}).
   *
   * @param neighbors address and device are needed
   */
  public void addArpNeighbors(List<ArpNeighbor> neighbors) {
    ARPNeighbors list =
        ARPNeighbors.newBuilder()
            .addAllARPNeighbors(neighbors.stream().map(AgentNetwork::wire).toList())
            .build();
    calls.run(
        "AddARPNeighbors",
        "",
        AddARPNeighborsRequest.newBuilder().setNeighbors(list).build(),
        deadline);
  }

  /**
   * Runs iptables-save in the guest ({@code GetIPTables}).
   *
   * @param ipv6 which of the two
   * @return its output
   */
  public byte[] ipTables(boolean ipv6) {
    GetIPTablesRequest request = GetIPTablesRequest.newBuilder().setIsIpv6(ipv6).build();
    return calls
        .call("GetIPTables", "", request, GetIPTablesResponse.parser(), deadline)
        .getData()
        .toByteArray();
  }

  /**
   * Runs iptables-restore in the guest ({@code SetIPTables}).
   *
   * @param ipv6 which of the two
   * @param rules its input
   * @return its output
   */
  public byte[] setIpTables(boolean ipv6, byte[] rules) {
    SetIPTablesRequest request =
        SetIPTablesRequest.newBuilder().setIsIpv6(ipv6).setData(ByteString.copyFrom(rules)).build();
    return calls
        .call("SetIPTables", "", request, SetIPTablesResponse.parser(), deadline)
        .getData()
        .toByteArray();
  }

  private static IPFamily family(boolean ipv6) {
    return ipv6 ? IPFamily.v6 : IPFamily.v4;
  }

  private static IPAddress wire(IpAddress address) {
    return IPAddress.newBuilder()
        .setFamily(family(address.isIpv6()))
        .setAddress(address.address())
        .setMask(Integer.toString(address.prefixLength()))
        .build();
  }

  private static Interface wire(NetworkInterface value) {
    return Interface.newBuilder()
        .setDevice(value.device())
        .setName(value.name())
        .addAllIPAddresses(value.addresses().stream().map(AgentNetwork::wire).toList())
        .setMtu(value.mtu())
        .setHwAddr(value.macAddress())
        .setDevicePath(value.devicePath())
        .setType(value.type())
        .setRawFlags(value.rawFlags())
        .build();
  }

  private static NetworkInterface value(Interface message) {
    return new NetworkInterface(
        message.getDevice(),
        message.getName(),
        message.getIPAddressesList().stream().map(AgentNetwork::value).toList(),
        message.getMtu(),
        message.getHwAddr(),
        message.getDevicePath(),
        message.getType(),
        message.getRawFlags());
  }

  /** An agent may leave the mask out. */
  private static IpAddress value(IPAddress message) {
    String mask = message.getMask();
    return IpAddress.parse(
        mask.isEmpty() ? message.getAddress() : message.getAddress() + "/" + mask);
  }

  private static Route wire(NetworkRoute route) {
    return Route.newBuilder()
        .setDest(route.destination())
        .setGateway(route.gateway())
        .setDevice(route.device())
        .setSource(route.source())
        .setScope(route.scope())
        .setFamily(family(route.ipv6()))
        .setFlags(route.flags())
        .setMtu(route.mtu())
        .build();
  }

  private static List<NetworkRoute> value(Routes routes) {
    return routes.getRoutesList().stream()
        .map(
            route ->
                new NetworkRoute(
                    route.getDest(),
                    route.getGateway(),
                    route.getDevice(),
                    route.getSource(),
                    route.getScope(),
                    route.getFamily() == IPFamily.v6,
                    route.getFlags(),
                    route.getMtu()))
        .toList();
  }

  private static ARPNeighbor wire(ArpNeighbor neighbor) {
    return ARPNeighbor.newBuilder()
        .setToIPAddress(wire(neighbor.address()))
        .setDevice(neighbor.device())
        .setLladdr(neighbor.linkAddress())
        .setState(neighbor.state())
        .setFlags(neighbor.flags())
        .build();
  }
}
