package io.katajava.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.spi.GuestAssets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * AF_VSOCK, tried where it exists: the transport's own test runs in a guest whose kernel has vsock
 * loopback, on a Java runtime that is put there.
 */
class VsockLoopbackIT {
  private static final long LONGEST_SECONDS = 300;

  private static final String INIT =
      "#!"
          + TestMachine.BUSYBOX
          + " sh\n"
          + TestMachine.LOAD_MODULES
          + """
          $b mount -t devtmpfs dev /dev
          $b mkdir -p /tmp
          $b mount -t tmpfs tmp /tmp
          $b ip link set lo up
          %s -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx256m -cp '%s' \\
            io.katajava.guest.InGuestTests io.katajava.transport.VsockLoopbackCases \\
            </dev/null >/dev/console 2>&1
          $b poweroff -f
          """
              .formatted(JavaInGuest.JAVA, JavaInGuest.CLASS_PATH);

  @TempDir Path directory;

  @Test
  void vsockTransport_inGuestWithLoopback_passesItsOwnTest() throws Exception {
    Path busybox = TestMachine.staticBusybox();
    GuestBuilder builder =
        GuestBuilder.create()
            .architecture("x86_64")
            .agent(busybox)
            .busybox(busybox)
            .module("vsock_loopback")
            .file("/setup", Files.writeString(directory.resolve("setup"), INIT), 0755);
    new JavaInGuest(directory).addTo(builder);
    GuestAssets guest = builder.build(TestMachine.CACHE);
    try (TestMachine machine =
        TestMachine.withNetwork(guest, directory, 1024, 1024, "rdinit=/setup quiet")) {
      String console = machine.waitForEnd(LONGEST_SECONDS);
      Matcher summary =
          Pattern.compile(InGuestTests.SUMMARY + "(\\d+) of (\\d+) passed, 0 failures")
              .matcher(console);
      assertThat(summary.find()).as(console).isTrue();
      assertThat(summary.group(1)).as(console).isEqualTo(summary.group(2));
      assertThat(console)
          .contains(
              InGuestTests.PASSED + "write_inBothDirectionsAtOnce_arrivesWhole()",
              InGuestTests.PASSED + "peerCid_ofBothEnds_isTheLocalOne()",
              InGuestTests.PASSED + "listener_closed_wakesItsAccept()");
    }
  }
}
