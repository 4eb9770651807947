package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.katajava.ErrorCode;
import io.katajava.MemorySize;
import io.katajava.SandboxStartException;
import io.katajava.qemu.Accelerator;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.MemoryLayout;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.QemuVm;
import io.katajava.qemu.VmEvent;
import io.katajava.qemu.VmEvents;
import io.katajava.qemu.device.PersistentMemory;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The installed QEMU, not yet running its guest: arguments, sockets, user, ties, end. */
class RealLaunchIT {
  private OpenDirectory directory;
  private TestStart start;

  @BeforeEach
  void makeDirectory() throws IOException {
    directory = new OpenDirectory();
    start = new TestStart(directory.path(), Duration.ofSeconds(60));
  }

  @AfterEach
  void nothingIsLeft() throws IOException {
    assertThat(start.leftovers()).isEmpty();
    directory.close();
  }

  private static QemuConfig.Builder halted(MachineType machine) {
    return QemuConfig.builder().machine(machine).accelerator(Accelerator.TCG).extraArguments("-S");
  }

  @ParameterizedTest
  @EnumSource(names = {"Q35", "PC", "MICROVM"})
  void machine_launched_isAsDescribed(MachineType machine) throws Exception {
    try (QemuVm vm = RealMachine.launch(halted(machine).build(), start)) {
      assertThat(vm.runState()).isEqualTo("prelaunch");
      assertThat(vm.isTrusted()).isTrue();
      assertThat(RealMachine.arguments(vm.pid()))
          .startsWith(vm.evidence().commandLine().toArray(String[]::new))
          .doesNotContain("-monitor", "-qmp-pretty", "-mon")
          .filteredOn(argument -> argument.equals("-qmp"))
          .hasSize(1);
      assertThat(RealMachine.sockets(directory.path())).containsExactly("agent.sock", "qmp.sock");
      assertThat(vm.monitor().peer().orElseThrow().pid()).isEqualTo((int) vm.pid());
      assertThat(Files.readString(Path.of("/proc", vm.pid() + "", "environ")))
          .doesNotContain("HOME=");
      vm.stop(Duration.ofSeconds(10));
      assertThat(vm.onExit().get(5, TimeUnit.SECONDS).reason()).isEqualTo("ended by us");
    }
  }

  @Test
  void preallocatedMemory_besideAReadOnlyImage_isTaken() throws Exception {
    Path image = Files.write(directory.above().resolve("image"), new byte[2 << 20]);
    QemuConfig config =
        halted(MachineType.Q35)
            .memoryLayout(MemoryLayout.pluggable(MemorySize.gibibytes(1), 1))
            .addDevice(new PersistentMemory("image0", image, MemorySize.mebibytes(2), true))
            .extraArguments("-mem-prealloc")
            .build();

    try (QemuVm vm = RealMachine.launch(config, start)) {
      assertThat(vm.runState()).isEqualTo("prelaunch");
    }
  }

  @Test
  void root_isGivenUpForAnIdOfItsOwn() throws Exception {
    try (QemuVm vm = RealMachine.launch(halted(MachineType.Q35).build(), start)) {
      boolean root = "root".equals(System.getProperty("user.name"));
      int owner = (Integer) Files.getAttribute(directory.path(), "unix:uid");
      String[] uids = RealMachine.status(vm.pid(), "Uid").split("\\s+", -1);

      assertThat(uids).containsOnly(String.valueOf(owner));
      if (root) {
        assertThat(owner).isBetween(61184, 65519);
        assertThat(RealMachine.status(vm.pid(), "Groups")).isEmpty();
        assertThat(RealMachine.status(vm.pid(), "CapEff")).isEqualTo("0000000000000000");
      }
      // Mode 2: QEMU's own filter of system calls is installed.
      assertThat(RealMachine.status(vm.pid(), "Seccomp")).isEqualTo("2");
    }
  }

  @ParameterizedTest
  @EnumSource
  void extraMonitor_isOpenToItsOwnerAlone_warnedOfOnce(ExtraMonitor monitor) throws Exception {
    QemuConfig config = halted(MachineType.Q35).debug(debug -> debug.extraMonitor(monitor)).build();
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try (QemuVm vm = RealMachine.launch(config, start)) {
      System.setErr(before);
      Path socket = directory.path().resolve("extra-monitor.sock");

      assertThat(vm.isTrusted()).isFalse();
      assertThat(log.toString(StandardCharsets.UTF_8).lines().filter(x -> x.contains("untrusted")))
          .singleElement()
          .asString()
          .contains("WARN", TestStart.ID, socket.toString());
      assertThat(RealMachine.sockets(directory.path()))
          .containsExactly("agent.sock", "extra-monitor.sock", "qmp.sock");
      assertThat(Files.getPosixFilePermissions(socket))
          .isEqualTo(PosixFilePermissions.fromString("rw-------"));
      assertThat(ask(socket, monitor)).contains("prelaunch");
    } finally {
      System.setErr(before);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-qmp unix:path=second.sock,server=on,wait=off",
        "-monitor unix:path=second.sock,server=on,wait=off",
        "-chardev socket,id=m,path=second.sock,server=on,wait=off -mon chardev=m,mode=control",
        "-gdb unix:path=second.sock,server=on,wait=off"
      })
  void extraArgument_thatOpens_isWarnedOfOnceAndUntrustedEvenWhenAttachedTo(String arguments)
      throws Exception {
    QemuConfig config =
        halted(MachineType.Q35).extraArguments(arguments.split(" ", -1)).debug(debug -> {}).build();
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try (QemuVm vm = RealMachine.launch(config, start)) {
      System.setErr(before);

      assertThat(vm.isTrusted()).isFalse();
      assertThat(log.toString(StandardCharsets.UTF_8).lines().filter(x -> x.contains("untrusted")))
          .singleElement()
          .asString()
          .contains("WARN", TestStart.ID, "second.sock");
      assertThat(directory.path().resolve("second.sock")).exists();
      assertThat(vm.openings())
          .isNotEmpty()
          .isEqualTo(
              Openings.of(
                  RealMachine.arguments(vm.pid()).stream()
                      .filter(argument -> !argument.isEmpty())
                      .toList(),
                  new QemuSockets(directory.path())));
      Files.delete(directory.path().resolve("second.sock"));
    } finally {
      System.setErr(before);
    }
  }

  private static String ask(Path socket, ExtraMonitor monitor) throws IOException {
    String question =
        monitor == ExtraMonitor.HMP
            ? "info status\n"
            : "{\"execute\":\"qmp_capabilities\"}\n{\"execute\":\"query-status\"}\n";
    StringBuilder answer = new StringBuilder();
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(ByteBuffer.wrap(question.getBytes(StandardCharsets.UTF_8)));
      BufferedReader lines =
          new BufferedReader(
              new InputStreamReader(Channels.newInputStream(channel), StandardCharsets.UTF_8));
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        answer.append(line).append('\n');
        if (line.contains("prelaunch")) {
          break;
        }
      }
    }
    return answer.toString();
  }

  @Test
  void capabilities_ofTheInstalledBinary_areKnown() throws Exception {
    Path binary = QemuBinary.find(Optional.empty(), "x86_64");
    QemuCapabilities found = QemuProbe.probe(binary, Duration.ofSeconds(20));

    assertThat(found.machines()).contains("q35", "pc", "microvm");
    assertThat(found.version()).matches("\\d+\\.\\d+\\.\\d+.*");
    assertThat(found.seccomp()).isTrue();
  }

  @Test
  void badArgument_isQuoted() {
    SandboxStartException failure =
        catchThrowableOfType(
            SandboxStartException.class,
            () ->
                RealMachine.launch(
                        halted(MachineType.Q35).extraArguments("-device", "flux-capacitor").build(),
                        start)
                    .close());

    assertThat(failure.code()).isEqualTo(ErrorCode.VM_START_FAILED);
    assertThat(failure).hasMessageContaining("flux-capacitor");
  }

  @Test
  void runStates_areSeenAsEvents() throws Exception {
    try (QemuVm vm = RealMachine.launch(halted(MachineType.Q35).build(), start);
        VmEvents events = vm.events()) {
      vm.resume();
      assertThat(events.take(Duration.ofSeconds(10)).orElseThrow())
          .isInstanceOf(VmEvent.Resumed.class);
      vm.pause();
      assertThat(events.take(Duration.ofSeconds(10)).orElseThrow())
          .isInstanceOf(VmEvent.Paused.class);
      assertThat(vm.runState()).isEqualTo("paused");
      vm.reset();
      assertThat(vm.onExit().get(20, TimeUnit.SECONDS).reason())
          .isEqualTo("QEMU said: host-qmp-system-reset");
    }
  }

  @Test
  void jvmKilled_takesQemuWithIt() throws Exception {
    Process jvm =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Tied.class.getName(),
                directory.path().toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    long pid;
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(jvm.getInputStream(), StandardCharsets.UTF_8))) {
      pid = Long.parseLong(out.readLine());
      assertThat(RealMachine.arguments(pid).get(0)).contains("qemu");
    } finally {
      jvm.destroyForcibly();
    }
    assertThat(jvm.waitFor(10, TimeUnit.SECONDS)).isTrue();

    assertThat(ProcessState.ends(pid, Duration.ofSeconds(10))).isTrue();
    for (String socket : List.of("agent.sock", "qmp.sock", "ready.sock")) {
      Files.deleteIfExists(directory.path().resolve(socket));
    }
  }

  /** Launches a machine from a thread that ends, prints QEMU's pid, and waits to be killed. */
  static final class Tied {
    private Tied() {}

    public static void main(String[] arguments) throws Exception {
      TestStart start = new TestStart(Path.of(arguments[0]), Duration.ofSeconds(60));
      Thread launcher =
          new Thread(
              () -> {
                try {
                  RealMachine.launch(halted(MachineType.Q35).build(), start);
                } catch (InterruptedException e) {
                  throw new IllegalStateException(e);
                }
              });
      launcher.start();
      launcher.join();
      // The tie is to the thread that spawned: were it this one, QEMU would be gone by now.
      TimeUnit.MILLISECONDS.sleep(300);
      long pid = start.processes.get(0);
      if (!ProcessState.runs(pid)) {
        throw new IllegalStateException("QEMU ended with the thread that launched it");
      }
      System.out.println(pid);
      TimeUnit.HOURS.sleep(1);
    }
  }
}
