package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.ArpNeighbor;
import io.katajava.agent.IpAddress;
import io.katajava.agent.NetworkInterface;
import io.katajava.agent.NetworkRoute;
import io.katajava.agent.VolumeStats;
import io.katajava.agent.internal.wire.AddARPNeighborsRequest;
import io.katajava.agent.internal.wire.Interface;
import io.katajava.agent.internal.wire.Interfaces;
import io.katajava.agent.internal.wire.Route;
import io.katajava.agent.internal.wire.Routes;
import io.katajava.agent.internal.wire.UpdateInterfaceRequest;
import io.katajava.agent.internal.wire.UpdateRoutesRequest;
import io.katajava.agent.internal.wire.VolumeStatsRequest;
import io.katajava.agent.internal.wire.VolumeStatsResponse;
import io.katajava.agent.internal.wire.VolumeUsage;
import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the sandbox's verbs for the guest's network, volumes and notes make of the agent's calls.
 */
class SandboxNetworkTest {
  private static final NetworkInterface ETH0 =
      new NetworkInterface(
          "eth0", "02:00:00:00:00:01", 1400, List.of(IpAddress.parse("10.0.2.15/24")));
  private static final NetworkRoute DEFAULT = NetworkRoute.defaultVia("10.0.2.2", "eth0");

  @TempDir Path directory;
  private final BlockingQueue<byte[]> requests = new LinkedBlockingQueue<>();
  private FakeAgent agent;
  private FakeMachine machine;
  private Kata kata;
  private Sandbox sandbox;

  @BeforeEach
  void start() throws IOException {
    agent = FakeAgent.listenIn(directory);
    machine = new FakeMachine(agent);
    kata = machine.kata(directory);
    sandbox = kata.sandbox().annotation("owner", "tests").annotation("a", "").start();
  }

  @AfterEach
  void close() {
    kata.close();
    agent.close();
  }

  private byte[] request() {
    byte[] request = requests.poll();
    assertThat(request).isNotNull();
    return request;
  }

  @Test
  void annotations_areKeptInTheirOrder() {
    assertThat(sandbox.annotations())
        .containsExactly(Map.entry("owner", "tests"), Map.entry("a", ""));
    assertThatThrownBy(() -> sandbox.annotations().put("b", ""))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThat(kata.sandbox().spec().annotations()).isEmpty();
    assertThatThrownBy(() -> kata.sandbox().annotation("", "x"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("key");
  }

  @Test
  void interfaces_areTheGuests() {
    Interface lo = Interface.newBuilder().setName("lo").setDevice("lo").setMtu(65536).build();
    agent.answering(
        "ListInterfaces",
        payload -> Interfaces.newBuilder().addInterfaces(lo).build().toByteArray());

    assertThat(sandbox.interfaces())
        .singleElement()
        .isEqualTo(new NetworkInterface("lo", "", 65536, List.of()));
  }

  @Test
  void updateInterface_sendsWhatIsWanted() throws Exception {
    agent.answering(
        "UpdateInterface",
        payload -> {
          requests.add(payload);
          return UpdateInterfaceRequest.parseFrom(payload).getInterface().toByteArray();
        });

    assertThat(sandbox.updateInterface(ETH0)).isEqualTo(ETH0);
    Interface sent = UpdateInterfaceRequest.parseFrom(request()).getInterface();
    assertThat(sent.getHwAddr()).isEqualTo("02:00:00:00:00:01");
    assertThat(sent.getIPAddresses(0).getMask()).isEqualTo("24");
  }

  @Test
  void updateInterface_unknown_isRefusedWithWhatWasAttempted() {
    agent.answering(
        "UpdateInterface",
        payload -> {
          throw new TtrpcException(TtrpcStatus.NOT_FOUND, "Link not found: eth0");
        });

    assertThatThrownBy(() -> sandbox.updateInterface(ETH0))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.AGENT_REFUSED))
        .hasMessageContaining("could not set up interface eth0 of the guest")
        .hasMessageContaining("Link not found: eth0");
  }

  @Test
  void routes_areSentAndListed() throws Exception {
    agent.answering(
        "UpdateRoutes",
        payload -> {
          requests.add(payload);
          return UpdateRoutesRequest.parseFrom(payload).getRoutes().toByteArray();
        });
    Route listed = Route.newBuilder().setGateway("10.0.2.2").setDevice("eth0").build();
    agent.answering(
        "ListRoutes", payload -> Routes.newBuilder().addRoutes(listed).build().toByteArray());

    assertThat(sandbox.updateRoutes(List.of(DEFAULT))).containsExactly(DEFAULT);
    assertThat(UpdateRoutesRequest.parseFrom(request()).getRoutes().getRoutes(0).getGateway())
        .isEqualTo("10.0.2.2");
    assertThat(sandbox.routes()).containsExactly(DEFAULT);
  }

  @Test
  void neighbors_areSentWithAddressAndInterface() throws Exception {
    agent.answering(
        "AddARPNeighbors",
        payload -> {
          requests.add(payload);
          return new byte[0];
        });

    sandbox.addNeighbors(
        List.of(new ArpNeighbor(IpAddress.parse("10.0.2.9"), "eth0", "02:00:00:00:00:09", 0, 0)));
    var sent = AddARPNeighborsRequest.parseFrom(request()).getNeighbors().getARPNeighbors(0);
    assertThat(sent.getToIPAddress().getAddress()).isEqualTo("10.0.2.9");
    assertThat(sent.getDevice()).isEqualTo("eth0");
    assertThat(sent.getLladdr()).isEqualTo("02:00:00:00:00:09");
  }

  @Test
  void volumeStats_haveBytesAndInodes() throws Exception {
    agent.answering(
        "GetVolumeStats",
        payload -> {
          requests.add(payload);
          return VolumeStatsResponse.newBuilder()
              .addUsage(
                  VolumeUsage.newBuilder()
                      .setUnit(VolumeUsage.Unit.BYTES)
                      .setTotal(100)
                      .setUsed(30)
                      .setAvailable(60))
              .build()
              .toByteArray();
        });

    VolumeStats stats = sandbox.volumeStats("/run");
    assertThat(VolumeStatsRequest.parseFrom(request()).getVolumeGuestPath()).isEqualTo("/run");
    assertThat(stats.bytes()).contains(new VolumeStats.Usage(60, 100, 30));
    assertThat(stats.inodes()).isEmpty();
    assertThatThrownBy(() -> sandbox.volumeStats("run"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("absolute path");
  }

  @Test
  void verbs_ofClosedSandbox_sayThatItIsClosed() {
    sandbox.close();

    assertThatThrownBy(sandbox::interfaces)
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLOSED))
        .hasMessageContaining("cannot list the guest's interfaces");
  }

  @Test
  void searchDomains_areThoseOfResolvConf() {
    assertThat(
            kata.sandbox()
                .dnsSearch("a.example.", "_b.Example", "a.example", ".")
                .spec()
                .networking()
                .searchDomains())
        .containsExactly("a.example", "_b.Example", ".");
    for (String bad :
        List.of(
            "", "a..b", ".a", "a b", "-a.example", "a".repeat(64), "b\u00fccher", "a\nb", "..")) {
      assertThatThrownBy(() -> kata.sandbox().dnsSearch(bad))
          .as(bad)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void statistics_ofASandboxWithoutANetwork_areZero() {
    assertThat(sandbox.network().statistics()).isEqualTo(NetworkStatistics.NONE);
  }
}
