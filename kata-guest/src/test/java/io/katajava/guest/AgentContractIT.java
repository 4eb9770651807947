package io.katajava.guest;

import io.katajava.agent.AgentAddress;
import io.katajava.agent.testing.TtrpcContract;
import io.katajava.spi.GuestAssets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The contract, kept by our agent in a guest. With {@code -Dkata.contract.agent=...} another agent
 * is tried instead:
 *
 * <ul>
 *   <li>an address such as {@code unix:///run/agent.sock} of an agent that runs already, with
 *       {@code -Dkata.contract.rootfs=PATH} naming a busybox root filesystem where it is;
 *   <li>the path of a static program: it becomes process 1 of a guest and is told to listen on TCP,
 *       as {@code agent.server_addr=tcp://0.0.0.0:1024} on the kernel's command line.
 * </ul>
 */
class AgentContractIT extends TtrpcContract {
  private static final String ROOTFS = "/usr/lib/kata/rootfs/busybox";

  /** Process 1 sets up what a guest image would, then becomes the agent. */
  private static final String FOREIGN_INIT =
      "#!"
          + TestMachine.BUSYBOX
          + " sh\n"
          + TestMachine.LOAD_MODULES
          + """
          $b ip link set lo up
          $b ip link set eth0 up
          $b ip addr add 10.0.2.15/24 dev eth0
          $b ip route add default via 10.0.2.2
          $b umount /proc
          exec /usr/bin/kata-agent </dev/console >/dev/console 2>&1
          """;

  private @Nullable TestMachine machine;

  @Override
  protected Target startAgent(Path directory) throws Exception {
    String wanted = System.getProperty("kata.contract.agent", "");
    if (wanted.contains("://")) {
      return new Target(
          AgentAddress.parse(wanted), System.getProperty("kata.contract.rootfs", ROOTFS));
    }
    TestMachine started = wanted.isEmpty() ? ours(directory) : foreign(wanted, directory);
    machine = started;
    started.awaitAgent();
    return new Target(started.address(), ROOTFS);
  }

  private static TestMachine ours(Path directory) throws Exception {
    GuestAssets guest = GuestBuilder.create().architecture("x86_64").build(TestMachine.CACHE);
    return TestMachine.withSerialPort(guest, directory, "quiet");
  }

  private static TestMachine foreign(String binary, Path directory) throws Exception {
    Path busybox = TestMachine.staticBusybox();
    Path setup = Files.writeString(directory.resolve("setup"), FOREIGN_INIT);
    GuestAssets guest =
        GuestBuilder.create()
            .architecture("x86_64")
            .agent(busybox)
            .busybox(busybox)
            .file("/setup", setup, 0755)
            .file("/usr/bin/kata-agent", Path.of(binary), 0755)
            .build(TestMachine.CACHE);
    return TestMachine.withNetwork(
        guest,
        directory,
        768,
        1024,
        "rdinit=/setup quiet cgroup_no_v1=all agent.log=warn agent.server_addr=tcp://0.0.0.0:1024");
  }

  @Override
  protected void stopAgent() throws Exception {
    if (machine != null) {
      Objects.requireNonNull(machine).close();
    }
  }
}
