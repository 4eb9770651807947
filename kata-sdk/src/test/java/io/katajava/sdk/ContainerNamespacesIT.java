package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.agent.oci.OciDevice;
import io.katajava.agent.oci.OciIdMapping;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciRlimit;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Namespaces of containers, user namespaces above all, looked at from inside. */
class ContainerNamespacesIT {
  @TempDir static Path directory;
  private static Leftovers leftovers;
  private static Kata kata;
  private static Sandbox sandbox;

  @BeforeAll
  static void start() {
    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).build();
    sandbox = kata.sandbox().name("pod").start();
  }

  @AfterAll
  static void closeLeavesNothing() {
    kata.close();
    leftovers.assertNone();
  }

  private static Container with(String name, Consumer<ContainerBuilder> settings) {
    ContainerBuilder builder = sandbox.container(name);
    settings.accept(builder);
    return builder.start();
  }

  private static String shell(Container container, String script) {
    return container.exec("sh", "-c", script).orThrow().stdoutText().strip();
  }

  private static List<String> namespaces(Container container, String... names) {
    String all = String.join(" ", names);
    return shell(container, "for n in " + all + "; do readlink /proc/self/ns/$n; done")
        .lines()
        .toList();
  }

  @Test
  void namespaces_areSharedOrOwnAsAskedFor() {
    String[] all = {"pid", "mnt", "cgroup", "net", "ipc", "uts", "user"};
    try (Container plain = with("plain", c -> {});
        Container own =
            with(
                "own",
                c ->
                    c.namespace(OciNamespace.create(OciNamespace.Type.NETWORK))
                        .namespace(OciNamespace.create(OciNamespace.Type.IPC))
                        .namespace(OciNamespace.create(OciNamespace.Type.UTS)));
        Container joined =
            with(
                "joined",
                c ->
                    List.of(
                            OciNamespace.Type.NETWORK,
                            OciNamespace.Type.IPC,
                            OciNamespace.Type.UTS,
                            OciNamespace.Type.PID)
                        .forEach(
                            type ->
                                c.namespace(
                                    new OciNamespace(
                                        type, "container:" + sandbox.id() + "-own"))))) {
      List<String> first = namespaces(plain, all);
      List<String> second = namespaces(own, all);
      List<String> third = namespaces(joined, all);
      assertThat(first.subList(0, 6)).doesNotContainAnyElementsOf(second.subList(0, 6));
      assertThat(first.get(6)).isEqualTo(second.get(6));
      assertThat(third.get(0)).isEqualTo(second.get(0));
      assertThat(third.subList(3, 6)).isEqualTo(second.subList(3, 6));
      assertThat(third.get(1)).isNotEqualTo(second.get(1));
      // A network of its own has the loopback, switched on.
      own.exec("ping", "-c", "1", "-W", "60", "127.0.0.1").orThrow();
      assertThat(shell(own, "ls /sys/class/net")).isEqualTo("lo");
      assertThat(shell(joined, "ps -o args | grep -c kata-pause")).isNotEqualTo("0");
    }
  }

  @Test
  void namespaceToJoin_thatIsNotThere_isRefused() {
    assertThatThrownBy(
            () ->
                with(
                    "lost",
                    c -> c.namespace(new OciNamespace(OciNamespace.Type.IPC, "/proc/no/ns/ipc"))))
        .isInstanceOf(KataException.class)
        .hasMessageContaining("/proc/no/ns/ipc");
  }

  @Test
  void userNamespace_rootInside_isNobodyOutside() {
    try (Container container =
            with(
                "mapped",
                c ->
                    c.userNamespace(100_000, 65_536)
                        .rlimit(OciRlimit.Resource.CORE, 5, OciRlimit.UNLIMITED)
                        .oomScoreAdj(-17)
                        .emptyDirectory("both", "/both"));
        Container outside = with("outside", c -> c.emptyDirectory("both", "/both"))) {
      assertThat(shell(container, "cat /proc/self/uid_map /proc/self/gid_map | tr -s ' '"))
          .isEqualTo("0 100000 65536\n 0 100000 65536");
      assertThat(shell(container, "id -u; id -g; cat /proc/self/setgroups"))
          .isEqualTo("0\n0\nallow");
      assertThat(namespaces(container, "user", "ipc"))
          .doesNotContainAnyElementsOf(namespaces(outside, "user", "ipc"));
      // Its files are its own, also those of the image, and it is root among them.
      assertThat(shell(container, "stat -c %u:%g / /bin /bin/busybox /root /tmp | sort -u"))
          .isEqualTo("0:0");
      assertThat(shell(container, "stat -c %a /root /tmp /bin/busybox"))
          .isEqualTo("700\n1777\n755");
      assertThat(
              shell(
                  container,
                  "echo x >/root/f; chown 33:44 /root/f; echo y >>/root/f; stat -c %u:%g /root/f;"
                      + " echo x >/both/f"))
          .isEqualTo("33:44");
      assertThat(shell(outside, "stat -c %u:%g /both/f")).isEqualTo("100000:100000");
      // Rights are worth nothing beyond: the guest's files, clock, kernel.
      assertThat(shell(outside, "echo secret >/both/g; chmod 600 /both/g; echo ok"))
          .isEqualTo("ok");
      assertThat(container.exec("cat", "/both/g").stderrText()).contains("Permission denied");
      assertThat(container.exec("chown", "0:0", "/both/g").isSuccess()).isFalse();
      // The limits were set outside, where they may be.
      assertThat(
              shell(
                  container,
                  "sed -n 's/^Max core file size *//p' /proc/self/limits | tr -s ' '; cat /proc/1/oom_score_adj"))
          .isEqualTo("5 unlimited bytes \n-17");
    }
  }

  @Test
  void userNamespace_hasTheUsualWorld() {
    try (Container container =
        with(
            "world",
            c ->
                c.userNamespace(200_000, 65_536)
                    .device(
                        new OciDevice("/dev/nil", OciDevice.Type.CHARACTER, 1, 3, 0640, 7, 8)))) {
      assertThat(
              shell(
                  container,
                  "for d in null zero full random urandom tty; do [ -c /dev/$d ] || echo no $d;"
                      + " done; echo x >/dev/null; head -c 3 /dev/zero | wc -c;"
                      + " stat -c '%t:%T %a %u:%g' /dev/nil; echo x >/dev/nil"))
          .isEqualTo("3\n1:3 640 7:8");
      assertThat(shell(container, "grep -c ' / /dev/null ' /proc/self/mountinfo || true"))
          .isEqualTo("0");
      assertThat(
              shell(
                  container,
                  "for m in /proc /dev /dev/pts /dev/shm /dev/mqueue /sys /sys/fs/cgroup; do"
                      + " grep -q \" $m \" /proc/mounts || echo not $m; done; cat /sys/fs/cgroup/pids.max"))
          // Containers have a limit of processes unless they are made without.
          .matches("\\d+");
      assertThat(shell(container, "cat /sys/class/net/lo/mtu; wc -c </proc/timer_list"))
          .isEqualTo("65536\n0");
      assertThat(container.exec("sh", "-c", "echo 1 >/proc/sys/kernel/panic").isSuccess())
          .isFalse();
      assertThat(container.exec("sh", "-c", "echo x >/sys/kernel/mm/x").isSuccess()).isFalse();
      assertThat(
              container
                  .exec(e -> e.command("sh", "-c", "id -u; cat /root/x").user("1000:1000"))
                  .stdoutText())
          .isEqualTo("1000\n");
      assertThat(
              container
                  .exec(e -> e.command("sh", "-c", "tty; stat -c %u $(tty)").tty(80, 24))
                  .stdoutText())
          .contains("/dev/pts/0", "0");
      container.files().write("/root/copied", "text".getBytes(StandardCharsets.UTF_8), 0644);
      assertThat(shell(container, "stat -c %u:%g /root/copied; cat /root/copied"))
          .isEqualTo("0:0\ntext");
    }
  }

  @Test
  void userNamespace_startedAgain_hasItsFilesAndNumbers() {
    try (Container container = with("again", c -> c.userNamespace(300_000, 1000))) {
      shell(container, "echo kept >/root/f");
      container.restart(Duration.ofSeconds(30));
      assertThat(shell(container, "cat /root/f; stat -c %u /root/f /bin/busybox"))
          .isEqualTo("kept\n0\n0");
    }
  }

  @Test
  void userNamespace_ofSeveralRangesAndWithItsOwnNetwork() {
    List<OciIdMapping> ranges =
        List.of(new OciIdMapping(0, 5000, 1), new OciIdMapping(1000, 6000, 10));
    try (Container container =
        with(
            "ranges",
            c ->
                c.userNamespace(ranges, ranges)
                    .namespace(OciNamespace.create(OciNamespace.Type.NETWORK))
                    .sysctl("net.ipv4.ip_forward", "1")
                    .user("1003:1003"))) {
      assertThat(shell(container, "id -u; cat /proc/sys/net/ipv4/ip_forward")).isEqualTo("1003\n1");
      assertThat(container.exec(e -> e.command("true").user("3:3")).isSuccess()).isFalse();
    }
  }

  @Test
  void userNamespace_withOthersNamespaces_isRefusedBeforeAnythingIsAsked() {
    assertThatThrownBy(() -> sandbox.container("x").userNamespace(1, 2).sharedPid().spec())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("shared pid namespace");
  }
}
