package io.katajava.sdk;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.Seccomp;
import io.katajava.agent.oci.OciCapabilities;
import io.katajava.agent.oci.OciCapability;
import io.katajava.agent.oci.OciDevice;
import io.katajava.agent.oci.OciMount;
import io.katajava.agent.oci.OciNamespace;
import io.katajava.agent.oci.OciRlimit;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The settings of a container, looked at from inside of it. */
class ContainerSettingsIT {
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

  private static Container with(Consumer<ContainerBuilder> settings) {
    ContainerBuilder builder = sandbox.container("settings");
    settings.accept(builder);
    return builder.start();
  }

  private static String shell(Container container, String script) {
    return container.exec("sh", "-c", script).orThrow().stdoutText().strip();
  }

  @Test
  void userGroupsAndUmask_holdForFirstProcessAndExecs() throws Exception {
    String look = "id -u; id -g; id -G; umask";
    try (Container container =
        with(
            c ->
                c.command("sh", "-c", look + "; read x")
                    .user("1000:1001")
                    .groups("2000", "3000")
                    .umask(0027))) {
      String expected = "1000\n1001\n1001 2000 3000\n0027\n";
      assertThat(container.mainProcess().stdout().readNBytes(expected.length()))
          .asString()
          .isEqualTo(expected);
      assertThat(shell(container, look)).isEqualTo(expected.strip());
      assertThat(container.exec(e -> e.command("sh", "-c", "umask").umask(0)).stdoutText())
          .isEqualTo("0000\n");
    }
  }

  @Test
  void userWithAnEntry_isInItsGroups_unlessAGroupIsNamed_whateverTheBytes() {
    byte[] passwd =
        "root:x:0:0:root:/root:/bin/sh\njose:x:1001:1002:Jos\u00e9:/home/jose:/bin/sh\nall:x:4294967295:1::/:\n"
            .getBytes(ISO_8859_1);
    byte[] group =
        "root:x:0:\n\u00e9quipe:x:60:\nteam:x:1005:jose\nextra:x:1006:\n".getBytes(ISO_8859_1);
    try (Container container =
        with(c -> c.file("/etc/passwd", passwd, 0644).file("/etc/group", group, 0644))) {
      Map<String, String> expected =
          Map.of(
              "jose", "1001 1002 1005 /home/jose",
              "1001", "1001 1002 1005 /home/jose",
              "1001:1002", "1001 1002 /home/jose",
              "jose:extra", "1001 1006 /home/jose",
              "4711", "4711 0 /");
      expected.forEach(
          (user, seen) ->
              assertThat(
                      container
                          .exec(
                              e ->
                                  e.command(
                                          "sh",
                                          "-c",
                                          "echo $(id -u) $(id -g)"
                                              + " $(sed -n 's/^Groups://p' /proc/self/status) $HOME")
                                      .user(user))
                          .stdoutText()
                          .strip())
                  .as(user)
                  .isEqualTo(seen));
      assertThat(container.exec(e -> e.command("id").user("all")).outcome())
          .isInstanceOfSatisfying(
              ExecOutcome.NotStarted.class,
              outcome -> assertThat(outcome.message()).contains("all: 4294967295"));
    }
  }

  @Test
  void environment_hasTheHostName_unlessItIsSaid() {
    try (Container container = with(c -> c.env("A", "1"))) {
      assertThat(shell(container, "echo $HOSTNAME")).isEqualTo(shell(container, "hostname"));
      assertThat(
              container
                  .exec(e -> e.command("sh", "-c", "echo $HOSTNAME").env("HOSTNAME", "other"))
                  .stdoutText())
          .isEqualTo("other\n");
    }
  }

  @Test
  void name_thatIsNotAscii_isShownByTheGuestsOwnTools() {
    try (Container container = with(c -> {})) {
      assertThat(shell(container, "touch /tmp/\u00fc\u0142 && ls /tmp")).isEqualTo("\u00fc\u0142");
      assertThat(
              container
                  .exec(e -> e.command("sh", "-c", "echo $LANG").env("LANG", "C"))
                  .stdoutText())
          .isEqualTo("C\n");
    }
  }

  @Test
  void programThatCannotRun_saysWhatItIsWithout() {
    byte[] script = "#!/bin/sh\r\necho ran\r\n".getBytes(ISO_8859_1);
    try (Container container =
        with(
            c ->
                c.file("/w/crlf", script, 0755)
                    .mount(OciMount.of("/n", "tmpfs", "tmpfs", "noexec", "mode=755")))) {
      assertThat(container.exec("/w/crlf").outcome())
          .isInstanceOfSatisfying(
              ExecOutcome.NotStarted.class,
              outcome -> assertThat(outcome.message()).contains("\"/bin/sh\\r\"", "CR LF"));
      shell(container, "cp /bin/busybox /n/busybox");
      assertThat(container.exec("/n/busybox").outcome())
          .isInstanceOfSatisfying(
              ExecOutcome.NotStarted.class,
              outcome -> assertThat(outcome.message()).contains("noexec"));
    }
  }

  @Test
  void terminal_inputWithoutALastLineEnd_arrivesAndEnds() {
    String lines = "a line of forty characters, and no more.\n".repeat(3000);
    try (Container container = with(c -> {})) {
      for (String text : List.of("abc", "", "abc\n", lines + "end", "x".repeat(10_000))) {
        // What is typed is shown, too, before that.
        assertThat(
                container
                    .exec(
                        e ->
                            e.command("sh", "-c", "n=$(wc -c); echo; echo n=$n")
                                .tty(80, 24)
                                .stdin(text)
                                .timeout(Duration.ofSeconds(60)))
                    .stdoutText()
                    .strip())
            .endsWith("n=" + text.length());
      }
    }
  }

  @Test
  void missingWorkingDirectory_isMade0755_whateverTheUmask() {
    try (Container container = with(c -> c.workdir("/data/in").umask(0))) {
      assertThat(shell(container, "pwd; stat -c %a /data /data/in"))
          .isEqualTo("/data/in\n755\n755");
      container.files().write("/made/for/f", new byte[0], 0600);
      assertThat(shell(container, "stat -c %a /made /made/for")).isEqualTo("755\n755");
    }
  }

  @Test
  void wordsOfABind_countOrAreRefusedByName() {
    Map<String, String> counted =
        Map.of(
            "rbind,rro", " ro,",
            "bind,rnoexec", ",noexec,",
            "bind,nosymfollow", ",nosymfollow",
            "rbind,rnosymfollow", ",nosymfollow",
            "bind,rnosuid", ",nosuid,",
            "rbind,rnodev", ",nodev,",
            "bind,rnoatime", ",noatime,");
    counted.forEach(
        (words, seen) -> {
          try (Container container = with(c -> c.mount(bindOfRun(words)))) {
            assertThat(shell(container, "grep ' /mnt/x ' /proc/self/mounts"))
                .as(words)
                .contains(seen);
          }
        });
    for (String word : List.of("bogus", "idmap", "ridmap", "size=1m")) {
      assertThatThrownBy(() -> with(c -> c.mount(bindOfRun("rbind," + word))))
          .isInstanceOf(KataException.class)
          .hasMessageContaining(word)
          .hasMessageContaining("/mnt/x");
    }
  }

  private static OciMount bindOfRun(String words) {
    return new OciMount("/mnt/x", "bind", "/run", List.of(words.split(",", -1)));
  }

  @Test
  void unknownGroup_isNotStarted() {
    try (Container container = with(c -> {})) {
      assertThat(container.exec(e -> e.command("true").user("0:nosuchgroup")).outcome())
          .isInstanceOf(ExecOutcome.NotStarted.class);
    }
  }

  @Test
  void rlimitsAndOomScore_areThoseAskedFor() {
    try (Container container =
        with(c -> c.rlimit(OciRlimit.Resource.NOFILE, 77, 99).oomScoreAdj(321))) {
      assertThat(shell(container, "ulimit -n; ulimit -Hn; cat /proc/self/oom_score_adj"))
          .isEqualTo("77\n99\n321");
    }
  }

  @Test
  void capabilities_ofStatus_areTheSetsAskedFor() {
    try (Container container =
        with(
            c ->
                c.security(
                    s ->
                        s.dropAllCapabilities()
                            .addCapabilities(OciCapability.CHOWN, OciCapability.NET_ADMIN)))) {
      String status = shell(container, "grep -E 'Cap|NoNewPrivs' /proc/self/status");
      // CHOWN is bit 0, NET_ADMIN bit 12.
      assertThat(status.lines().map(line -> line.replaceAll("\\s+", " ")))
          .contains(
              "CapInh: 0000000000000000",
              "CapPrm: 0000000000001001",
              "CapEff: 0000000000001001",
              "CapBnd: 0000000000001001",
              "CapAmb: 0000000000000000",
              "NoNewPrivs: 1");
    }
  }

  @Test
  void capabilities_ofAllFiveSets_holdForAUserThatIsNotRoot() {
    Set<OciCapability> admin = Set.of(OciCapability.NET_ADMIN);
    OciCapabilities sets =
        new OciCapabilities(
            Set.of(OciCapability.CHOWN, OciCapability.NET_ADMIN), admin, admin, admin, admin);
    try (Container container = with(c -> c.user("1000:1000").security(s -> s.capabilities(sets)))) {
      assertThat(shell(container, "grep Cap /proc/self/status | tr -s '\t ' ' '"))
          .isEqualTo(
              "CapInh: 0000000000001000\nCapPrm: 0000000000001000\nCapEff: 0000000000001000\n"
                  + "CapBnd: 0000000000001001\nCapAmb: 0000000000001000");
    }
  }

  @Test
  void environmentDirectoryAndCpus_areThoseAskedFor() {
    try (Container container =
        with(c -> c.env("WHAT", "settings").workdir("/var/made").limits(l -> l.cpuset("0")))) {
      assertThat(shell(container, "echo $WHAT $HOME; pwd; cat /sys/fs/cgroup/cpuset.cpus; nproc"))
          .isEqualTo("settings /root\n/var/made\n0\n1");
    }
  }

  @Test
  void defaults_areRestrictedAndFiltered() {
    try (Container container = with(c -> {})) {
      assertThat(shell(container, "grep -E '^Seccomp:' /proc/self/status | tr -d '\\t '"))
          .isEqualTo("Seccomp:2");
      assertThat(container.exec("unshare", "true").isSuccess()).isFalse();
      assertThat(container.exec("mount", "-t", "tmpfs", "x", "/mnt").isSuccess()).isFalse();
      assertThat(container.exec("sh", "-c", "echo 1 >/proc/sys/kernel/panic").isSuccess())
          .isFalse();
      assertThat(shell(container, "cat /proc/timer_list | wc -c")).isEqualTo("0");
      assertThat(container.exec("ls", "/sys/firmware/acpi").isSuccess()).isFalse();
    }
  }

  @Test
  void sysAdmin_bringsItsSystemCallsAlong() {
    try (Container container =
        with(c -> c.security(s -> s.addCapabilities(OciCapability.SYS_ADMIN)))) {
      assertThat(shell(container, "mkdir -p /tmp/m; mount -t tmpfs x /tmp/m && echo ok"))
          .isEqualTo("ok");
    }
  }

  @Test
  void customSeccomp_refusesWhatItNames() {
    Seccomp noMkdir =
        Seccomp.parse(
            "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\"],"
                + "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":38}]}");
    try (Container container = with(c -> c.security(s -> s.seccomp(noMkdir)))) {
      assertThat(container.exec("mkdir", "/tmp/x").stderrText()).contains("not implemented");
      assertThat(shell(container, "touch /tmp/x && echo ok")).isEqualTo("ok");
    }
  }

  @Test
  void seccompOfAnEngine_goesByCapabilitiesAndHasAnErrnoOfItsOwn() {
    // As Docker and Podman write theirs, but what is not named fails with ENOSYS and not a kill.
    Seccomp profile =
        Seccomp.parse(
            """
            {"defaultAction": "SCMP_ACT_ALLOW",
             "archMap": [{"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"]},
                         {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": null}],
             "syscalls": [
               {"names": ["mkdir", "mkdirat", "no_such_call"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38,
                "excludes": {"caps": ["CAP_SYS_TIME"]}, "args": []},
               {"names": ["personality"], "action": "SCMP_ACT_ERRNO", "args": [
                 {"index": 0, "value": 8, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 131072, "op": "SCMP_CMP_EQ"}]}]}
            """);
    try (Container container = with(c -> c.security(s -> s.seccomp(profile)))) {
      assertThat(container.exec("mkdir", "/tmp/x").stderrText()).contains("not implemented");
      assertThat(container.exec("linux32", "true").isSuccess()).isFalse();
    }
    try (Container container =
        with(c -> c.security(s -> s.seccomp(profile).addCapabilities(OciCapability.SYS_TIME)))) {
      assertThat(container.exec("mkdir", "/tmp/x").isSuccess()).isTrue();
    }
  }

  @Test
  void seccomp_whatIsNotNamed_failsWithTheErrnoOfTheProfile() {
    Seccomp profile =
        Seccomp.parse(
            """
            {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "syscalls": [
              {"names": ["read", "write", "close", "execve", "exit_group", "brk", "mmap", "munmap", "mprotect",
                "arch_prctl", "set_tid_address", "set_robust_list", "rt_sigaction", "rt_sigprocmask", "getuid",
                "getpid", "getppid", "getcwd", "stat", "fstat", "newfstatat", "open", "openat", "fcntl", "ioctl",
                "readlink", "readlinkat", "prctl", "setresuid", "setresgid", "setgroups", "capset", "close_range",
                "getrandom", "prlimit64", "uname", "wait4", "rseq", "umask", "chmod", "fchmodat"],
               "action": "SCMP_ACT_ALLOW"}]}
            """);
    try (Container container = with(c -> c.security(s -> s.seccomp(profile)))) {
      assertThat(container.exec("mkdir", "/tmp/x").stderrText()).contains("not implemented");
    }
  }

  @Test
  void unconfined_hasNoFilter() {
    try (Container container =
        with(c -> c.security(s -> s.seccomp(Seccomp.unconfined()).noNewPrivileges(false)))) {
      assertThat(shell(container, "grep -E '^Seccomp:|NoNew' /proc/self/status | tr -d '\\t '"))
          .isEqualTo("NoNewPrivs:0\nSeccomp:0");
    }
  }

  @Test
  void maskedAndReadOnlyPaths_directoriesToo() {
    try (Container container =
        with(c -> c.security(s -> s.maskedPath("/proc/tty").readonlyPath("/etc")))) {
      assertThat(container.exec("ls", "/proc/tty").stdoutText()).isEmpty();
      assertThat(container.exec("touch", "/etc/x").stderrText()).contains("Read-only");
    }
  }

  @Test
  void readOnlyRoot_withPlacesToWrite() {
    try (Container container =
        with(c -> c.readOnlyRoot().tmpfs("/scratch", MemorySize.kibibytes(64)))) {
      assertThat(container.exec("touch", "/x").stderrText()).contains("Read-only");
      assertThat(container.exec("sh", "-c", "head -c 100000 /dev/zero > /scratch/x").isSuccess())
          .isFalse();
      assertThat(shell(container, "stat -c %s /scratch/x")).isEqualTo("65536");
    }
  }

  @Test
  void deviceAndSysctl_areThere() {
    try (Container container =
        with(
            c ->
                c.device(
                        new OciDevice("/dev/nil", OciDevice.Type.CHARACTER, 1, 3, 0640, 1000, 1001))
                    .namespace(OciNamespace.create(OciNamespace.Type.NETWORK))
                    .sysctl("net.ipv4.ip_forward", "1"))) {
      assertThat(shell(container, "stat -c '%t:%T %a %u:%g' /dev/nil; echo x >/dev/nil"))
          .isEqualTo("1:3 640 1000:1001");
      assertThat(shell(container, "cat /proc/sys/net/ipv4/ip_forward")).isEqualTo("1");
    }
    try (Container other = with(c -> {})) {
      assertThat(shell(other, "cat /proc/sys/net/ipv4/ip_forward")).isEqualTo("0");
    }
  }

  @Test
  void sysctlOfTheWholeGuest_isRefusedByName() {
    assertThatThrownBy(() -> with(c -> c.sysctl("vm.swappiness", "1")))
        .isInstanceOf(KataException.class)
        .hasMessageContaining("vm.swappiness");
  }

  @Test
  void limits_holdAndChangeAndGo() {
    try (Container container =
        with(
            c ->
                c.limits(
                    l ->
                        l.memory(MemorySize.mebibytes(32))
                            .memoryReservation(MemorySize.mebibytes(8))
                            .cpus(0.25)
                            .cpuShares(512)
                            .pids(16)))) {
      String read = "cd /sys/fs/cgroup; cat memory.max memory.low cpu.max cpu.weight pids.max";
      assertThat(shell(container, read)).isEqualTo("33554432\n8388608\n25000 100000\n20\n16");
      container.update(l -> l.memory(MemorySize.mebibytes(48)).pids(24));
      assertThat(shell(container, read)).isEqualTo("50331648\n8388608\n25000 100000\n20\n24");
      container.update(l -> l.unlimitedMemory().unlimitedCpus().unlimitedPids());
      assertThat(shell(container, read)).isEqualTo("max\n8388608\nmax 100000\n20\nmax");
    }
  }

  @Test
  void update_ofOneLimit_leavesTheOthers() {
    try (Container container =
        with(
            c ->
                c.limits(
                    l ->
                        l.memory(MemorySize.mebibytes(64))
                            .swap(MemorySize.mebibytes(32))
                            .pids(60)))) {
      String read = "cd /sys/fs/cgroup; echo $(cat memory.max memory.swap.max pids.max)";
      assertThat(shell(container, read)).isEqualTo("67108864 33554432 60");
      container.update(l -> l.swap(MemorySize.mebibytes(16)));
      assertThat(shell(container, read)).isEqualTo("67108864 16777216 60");
      container.update(l -> l.memory(MemorySize.mebibytes(128)));
      assertThat(shell(container, read)).isEqualTo("134217728 16777216 60");
      container.update(l -> l.swap(MemorySize.bytes(0)));
      assertThat(shell(container, read)).isEqualTo("134217728 0 60");
      container.update(l -> l.pids(50));
      assertThat(shell(container, read)).isEqualTo("134217728 0 50");
    }
  }

  @Test
  void pidsLimit_stopsAForkBomb() {
    try (Container container = with(c -> c.pidsLimit(8))) {
      assertThat(
              container
                  .exec("sh", "-c", "for i in 1 2 3 4 5 6 7 8 9; do sleep 9 & done; wait")
                  .stderrText())
          .contains("fork");
    }
  }

  @Test
  void memoryLimit_exceeded_killsOnlyWhatExceedsIt() {
    try (Container container = with(c -> c.memoryLimit(MemorySize.mebibytes(16)))) {
      assertThat(container.exec("tail", "-c", "200m", "/dev/zero").outcome())
          .isEqualTo(new ExecOutcome.Signalled(9));
      assertThat(container.stats().memory().limitHits()).isPositive();
      assertThat(container.exec("true").isSuccess()).isTrue();
    }
  }

  @Test
  void update_afterClose_isRefused() {
    Container container = with(c -> {});
    container.close();
    assertThatThrownBy(() -> container.update(l -> l.pids(5)))
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLOSED));
  }
}
