package io.katajava.qemu.internal;

import static io.katajava.HostFinding.failed;
import static io.katajava.HostFinding.passed;
import static io.katajava.HostFinding.skipped;
import static io.katajava.HostFinding.warned;

import io.katajava.HostFinding;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.spi.HostView;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the host check says about QEMU. */
public final class QemuChecks {
  static final String GROUP = "qemu";

  /** The oldest QEMU this driver was tried with. */
  static final int OLDEST_TRIED_MAJOR = 7;

  static final int OLDEST_TRIED_MINOR = 2;

  private static final Pattern VERSION = Pattern.compile("^(\\d{1,4})\\.(\\d{1,4})");

  private final QemuConfig config;
  private final HostView host;
  private final HostQemu qemu;
  private final List<HostFinding> findings = new ArrayList<>();

  /**
   * Prepares; nothing is run yet.
   *
   * @param config what would be used
   * @param host where to look
   */
  public QemuChecks(QemuConfig config, HostView host) {
    this.config = config;
    this.host = host;
    this.qemu = HostQemu.of(config, host);
  }

  /**
   * Looks.
   *
   * @return the findings
   * @throws InterruptedException when the calling thread is interrupted
   */
  public List<HostFinding> run() throws InterruptedException {
    binary();
    accelerator();
    deathTie();
    virtiofsd();
    findings.add(user());
    return List.copyOf(findings);
  }

  private void binary() throws InterruptedException {
    if (qemu.binary().isEmpty()) {
      findings.add(
          failed(
              GROUP,
              "binary",
              config.binary().isPresent()
                  ? qemu.wanted() + " is not an executable file"
                  : qemu.wanted() + " is neither on the PATH nor in the usual places",
              config.binary().isPresent()
                  ? "Correct QemuConfig.builder().binary(...), or leave it out"
                  : "Install QEMU (Debian: apt install "
                      + QemuBinary.debianPackage(host.architecture())
                      + ")"));
      return;
    }
    Path binary = qemu.binary().get();
    findings.add(passed(GROUP, "binary", binary.toString()));
    Optional<QemuCapabilities> asked;
    try {
      asked = HostQemu.ask(binary, host);
    } catch (IOException e) {
      findings.add(
          failed(
              GROUP,
              "version",
              String.valueOf(e.getMessage()),
              "Run it by hand to see what is wrong: " + binary + " --version"));
      return;
    }
    if (asked.isEmpty()) {
      findings.add(skipped(GROUP, "version", "a binary of another host cannot be run"));
      return;
    }
    findings.add(version(asked.get().version()));
    qemu.machine().ifPresent(machine -> findings.add(machine(machine, asked.get())));
    findings.add(
        asked.get().seccomp()
            ? passed(GROUP, "seccomp", "QEMU can filter its own system calls")
            : warned(
                GROUP,
                "seccomp",
                "this QEMU was built without seccomp: its system calls are not filtered if a guest"
                    + " breaks out of it",
                "Use a QEMU that was built with seccomp"));
  }

  static HostFinding version(String version) {
    Matcher matcher = VERSION.matcher(version);
    if (!matcher.find()) {
      return warned(
          GROUP,
          "version",
          "'" + version + "' is not a version that can be compared",
          "Use QEMU " + OLDEST_TRIED_MAJOR + "." + OLDEST_TRIED_MINOR + " or newer");
    }
    int major = Integer.parseInt(matcher.group(1));
    int minor = Integer.parseInt(matcher.group(2));
    boolean tried =
        major > OLDEST_TRIED_MAJOR || (major == OLDEST_TRIED_MAJOR && minor >= OLDEST_TRIED_MINOR);
    return tried
        ? passed(GROUP, "version", version)
        : warned(
            GROUP,
            "version",
            version
                + " is older than "
                + OLDEST_TRIED_MAJOR
                + "."
                + OLDEST_TRIED_MINOR
                + ", the oldest that was tried",
            "Use QEMU " + OLDEST_TRIED_MAJOR + "." + OLDEST_TRIED_MINOR + " or newer");
  }

  static HostFinding machine(MachineType machine, QemuCapabilities known) {
    String wanted = machine.qemuName();
    String others =
        List.of(MachineType.values()).stream()
            .filter(other -> other.architecture().equals(machine.architecture()))
            .map(MachineType::qemuName)
            .filter(name -> !name.equals(wanted) && known.machines().contains(name))
            .distinct()
            .reduce((a, b) -> a + ", " + b)
            .map(list -> "; also " + list)
            .orElse("");
    return known.machines().contains(wanted)
        ? passed(GROUP, "machine", wanted + others)
        : failed(
            GROUP,
            "machine",
            "this QEMU has no machine " + wanted + others,
            "Install a QEMU that has it, or choose another with machine(...)");
  }

  private void accelerator() {
    AcceleratorChoice choice = HostQemu.accelerator(config, host);
    if (!choice.kvm()) {
      findings.add(
          warned(
              GROUP,
              "accelerator",
              "tcg: " + choice.why() + "; a guest runs 5 to 20 times slower than with kvm",
              "See the findings on cpu and /dev/kvm; for tests tcg is sufficient"));
      findings.add(skipped(GROUP, "kvm", "it would not be used"));
      return;
    }
    findings.add(passed(GROUP, "accelerator", "kvm: " + choice.why()));
    findings.add(
        host.isReal()
            ? KvmTest.run(KvmTest.Kernel.REAL, host.architecture())
            : skipped(GROUP, "kvm", "a device of another host cannot be tried"));
  }

  /** Ties QEMU to the JVM: without it no sandbox is started. */
  private void deathTie() {
    findings.add(
        host.program("setpriv")
            .map(path -> passed(GROUP, "death-tie", path + " ties QEMU to the life of the JVM"))
            .orElseGet(
                () ->
                    failed(
                        GROUP,
                        "death-tie",
                        "setpriv, which ties QEMU to the life of the JVM, is not on the PATH",
                        "Install util-linux")));
  }

  private void virtiofsd() {
    findings.add(
        host.program("virtiofsd")
            .map(path -> passed(GROUP, "virtiofsd", path.toString()))
            .orElseGet(
                () ->
                    warned(
                        GROUP,
                        "virtiofsd",
                        "there is no virtiofsd: directories of the host cannot be shared with"
                            + " guests by virtio-fs",
                        "Install it (Debian 13: virtiofsd; Debian 12: qemu-system-common has one)"
                            + " if you want to share directories")));
  }

  private HostFinding user() {
    if (!host.isReal() || qemu.binary().isEmpty()) {
      return skipped(GROUP, "user", "there is no QEMU to be run here");
    }
    Optional<String> obstacle =
        RunAs.obstacle(
            host.directories().state().resolve("any"),
            List.of(new RunAs.Access(qemu.binary().get(), false)));
    if (obstacle.isEmpty()) {
      return passed(GROUP, "user", "an id of its own: the JVM is root, QEMU need not be");
    }
    return "root".equals(System.getProperty("user.name"))
        ? warned(
            GROUP,
            "user",
            "QEMU would run as root: " + obstacle.get(),
            "Let other users enter and read that path, or run the JVM as another user")
        : passed(GROUP, "user", "the JVM's: " + obstacle.get());
  }
}
