package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.qemu.ExtraMonitor;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.Balloon;
import io.katajava.spi.Hypervisor;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The gate of the extra monitor, tried by every way around it. Arguments are separated by spaces.
 */
class ExtraArgumentsTest {
  private static final Path STATE = Path.of("/run/kata-java/example");

  private static String[] words(String line) {
    return line.split(" ", -1);
  }

  private static QemuConfig.Builder with(String line) {
    return QemuConfig.builder().machine(MachineType.Q35).extraArguments(words(line));
  }

  private static List<String> commandLine(QemuConfig config, QemuCommandLine.Origin origin) {
    return new QemuCommandLine(
            config,
            TestStart.spec(1, MemorySize.mebibytes(128)),
            STATE,
            false,
            MachineType.Q35,
            true,
            true,
            origin)
        .arguments();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // Monitors, in every spelling that QEMU takes.
        "-qmp tcp:127.0.0.1:4444,server=on,wait=off",
        "--qmp unix:/tmp/m,server=on,wait=off",
        "-qmp-pretty stdio",
        "-monitor stdio",
        "--monitor tcp:127.0.0.1:4445,server=on",
        "-mon chardev=console",
        "-chardev socket,id=m,path=/tmp/m,server=on,wait=off -mon chardev=m,mode=control",
        "-d guest_errors -mon chardev=agent",
        "-qtest unix:/tmp/q",
        // Debuggers.
        "-s",
        "--s",
        "-gdb tcp::1234",
        "-S -gdb chardev:console",
        // Consoles and channels.
        "-serial mon:stdio",
        "-serial tcp:127.0.0.1:4446,server=on",
        "-parallel stdio",
        "-debugcon stdio",
        "-chardev pty,id=p",
        "-chardev {\"id\":\"c\",\"backend\":{\"type\":\"pty\"}}",
        "-vnc :1",
        "-spice port=5900,disable-ticketing=on",
        "-display gtk",
        "-display vnc=:1",
        "-nographic",
        "-curses",
        "-audiodev alsa,id=a",
        // More options, or code.
        "-readconfig /tmp/monitors.cfg",
        "-set chardev.agent.path=/tmp/a",
        "-plugin /tmp/evil.so",
        // Disks, networks and devices of the host.
        "/dev/sda",
        "disk.img",
        "-hda /dev/sda",
        "-drive file=/dev/sda,format=raw",
        "-blockdev {\"driver\":\"host_device\",\"filename\":\"/dev/sda\",\"node-name\":\"d\"}",
        "-cdrom /dev/sr0",
        "-netdev tap,id=t",
        "-nic user,hostfwd=tcp::2222-:22",
        "-net user",
        "-usbdevice host:046d:c077",
        "-device vfio-pci,host=01:00.0",
        "-device {\"driver\":\"vfio-pci\",\"host\":\"01:00.0\"}",
        "-device driver=usb-host,hostbus=1,hostaddr=2",
        "-device usb-host",
        "-device vhost-vsock-pci,guest-cid=3",
        "-device virtio-input-host-pci,evdev=/dev/input/event0",
        "-device u2f-passthru",
        "-device usb-mtp,rootdir=/",
        "-device isa-debugcon,chardev=console",
        "-device virtconsole,chardev=agent",
        "-device virtio-rng-pci,romfile=/dev/mem",
        "-device virtio-net-pci,romfile=/dev/../dev/mem",
        "-device loader,file=/proc/1/environ",
        "-object memory-backend-file,id=m,size=1M,mem-path=/dev/mem",
        "-object rng-random,id=r,filename=/dev/hwrng",
        "-object input-linux,id=i,evdev=/dev/input/event0",
        "-object {\"qom-type\":\"filter-dump\",\"id\":\"f\",\"file\":\"/tmp/f\"}",
        "-object qom-type=monitor-qmp,id=m,chardev=c",
        "-tpmdev passthrough,id=t,path=/dev/tpm0",
        "-fsdev local,id=f,path=/,security_model=none",
        "-virtfs local,path=/,mount_tag=h,security_model=none",
        "-add-fd fd=3,set=1",
        "-semihosting",
        "-semihosting-config enable=on,target=native",
        "-global isa-debugcon.chardev=console",
        "-global driver=isa-serial,property=chardev,value=console",
        "-global usb-host.hostbus=1",
        "-fw_cfg name=opt/x,file=/dev/mem",
        "-mem-path /dev/shm",
        "-bios /dev/mem",
        "-accel kvm,device=/dev/kvm2",
        "-accel qtest",
        "-machine dumpdtb=/tmp/d",
        "-M q35,pflash0=p",
        "-sandbox off",
        // What is no option of any QEMU that was looked at, and halves.
        "-no-such-option",
        "-qmp=tcp:127.0.0.1:4444",
        "-moni stdio",
        "-QMP stdio",
        "---qmp stdio",
        "-",
        "--",
        "-device",
        "-object {\"qom-type\":",
        // A value that another QEMU might take for an option.
        "-watchdog -qmp",
        "-name -s",
      })
  void argument_thatOpens_needsDebugAndMakesUntrusted(String line) {
    KataException refused = catchThrowableOfType(KataException.class, () -> with(line).build());
    assertThat(refused.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION);
    assertThat(refused.remedy().orElseThrow()).contains("debug(...)", "untrusted");

    QemuConfig config = with(line).debug(debug -> {}).build();
    assertThat(Openings.of(config))
        .isNotEmpty()
        .allSatisfy(
            opening -> {
              assertThat(opening.what()).isEqualTo("extra argument");
              assertThat(opening.why()).endsWith("this machine is untrusted");
            });
    for (QemuCommandLine.Origin origin : QemuCommandLine.Origin.values()) {
      assertThat(Openings.of(commandLine(config, origin), new QemuSockets(STATE)))
          .as("read off the command line of a machine that runs")
          .isEqualTo(Openings.of(config));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-daemonize",
        "--daemonize",
        "-runas nobody",
        "-chroot /tmp",
        "-run-with exit-with-parent=off",
        "-incoming tcp:0:4444",
        "-preconfig",
        "-async-teardown",
        "-help",
      })
  void argument_thatTakesQemuAway_isRefusedWithDebugToo(String line) {
    for (QemuConfig.Builder builder : List.of(with(line), with(line).debug(debug -> {}))) {
      assertThat(catchThrowableOfType(KataException.class, builder::build))
          .hasMessageContaining("takes QEMU out of the driver's hands");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-d guest_errors",
        "-S",
        "-mem-prealloc",
        "-rtc base=utc,driftfix=slew",
        "-smbios type=1,serial=1",
        "-device VGA",
        "-device virtio-rng-pci,max-bytes=1024,period=1000",
        "-device {\"driver\":\"virtio-tablet-pci\"}",
        "-device virtio-net-pci,host_mtu=1500",
        "-device flux-capacitor",
        "-object memory-backend-ram,id=m,size=1M",
        "-object {\"qom-type\":\"rng-builtin\",\"id\":\"r\"}",
        "-global kvm-pit.lost_tick_policy=discard",
        "-global q35-pcihost.pci-hole64-size=1G",
        "-global driver=ICH9-LPC,property=disable_s3,value=1",
        "-accel tcg,tb-size=64",
        "-machine hmat=off",
        "-append root=/dev/vda",
        "-name a,,b",
        "-D /tmp/qemu.log",
        "--no-reboot",
      })
  void argument_thatStaysInside_isDescribedAndTrusted(String line) {
    QemuConfig config = with(line).build();

    assertThat(Openings.of(config)).isEmpty();
    assertThat(
            Openings.of(commandLine(config, QemuCommandLine.Origin.BOOT), new QemuSockets(STATE)))
        .isEmpty();
    assertThat(ExtraArguments.all(config.extraArguments(), config.machineOptions()))
        .singleElement()
        .satisfies(extra -> assertThat(extra.describe().why()).startsWith("it was asked for"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dumpdtb=/tmp/d",
        "dumpdtb=relative",
        "dtb=x",
        "firmware=/tmp/f",
        "kernel=x",
        "initrd=x",
        "pflash0=p",
        "pflash1=p",
        "any-thing=/dev/mem",
      })
  void machineOption_thatOpens_needsDebugAndMakesUntrusted(String option) {
    QemuConfig.Builder builder =
        QemuConfig.builder().machine(MachineType.Q35).addMachineOption(option);
    assertThat(catchThrowableOfType(KataException.class, builder::build))
        .hasMessageContaining(option);

    QemuConfig config = builder.debug(debug -> {}).build();
    assertThat(Openings.of(config))
        .singleElement()
        .satisfies(opening -> assertThat(opening.what()).isEqualTo("machine option"));
    assertThat(
            Openings.of(commandLine(config, QemuCommandLine.Origin.BOOT), new QemuSockets(STATE)))
        .hasSize(1);
  }

  @Test
  void argument_allThatIsRefused_isNamedAtOnce() {
    KataException refused =
        catchThrowableOfType(
            KataException.class, () -> with("-s -d in_asm -daemonize -qmp stdio").build());

    assertThat(refused)
        .hasMessageContaining("'-s'")
        .hasMessageContaining("'-daemonize'")
        .hasMessageContaining("'-qmp stdio'");
    assertThat(refused.getMessage()).doesNotContain("in_asm");
    assertThat(refused.remedy().orElseThrow()).doesNotContain("debug(");
  }

  @Test
  void argument_withASecret_isDescribedWithoutIt() {
    assertThat(
            ExtraArguments.of(
                List.of(
                    "-object", "secret,id=s,data=hunter2", "-fw_cfg", "name=opt/x,string=hunter2")))
        .extracting(ExtraArgument::text)
        .containsExactly("-object secret,id=s,data=…", "-fw_cfg name=opt/x,string=…");
  }

  @Test
  void monitor_besideAnArgument_areBothTold() {
    QemuConfig config = with("-s").debug(debug -> debug.extraMonitor(ExtraMonitor.QMP)).build();

    assertThat(Openings.of(config))
        .hasSize(2)
        .isEqualTo(
            Openings.of(commandLine(config, QemuCommandLine.Origin.BOOT), new QemuSockets(STATE)));
  }

  @Test
  void copy_ofWhatOpens_isNoneAndTemplateNeither() {
    Hypervisor hypervisor = with("-s").debug(debug -> {}).build().toHypervisor();

    assertThat(hypervisor.templateFor(TestStart.spec(1, MemorySize.mebibytes(128))).obstacle())
        .isPresent();
  }

  /** QEMU frees a balloon's pages in the file that they were mapped from. */
  @Test
  void balloon_whichWouldFreeTheTemplatesMemory_hasNoTemplate() {
    Hypervisor hypervisor =
        QemuConfig.builder()
            .machine(MachineType.Q35)
            .addDevice(Balloon.reporting())
            .build()
            .toHypervisor();

    assertThat(hypervisor.templateFor(TestStart.spec(1, MemorySize.mebibytes(128))).obstacle())
        .hasValueSatisfying(why -> assertThat(why).contains("balloon"));
  }

  @Test
  void driversOwnLine_hasNothingThatOpens() {
    for (MachineType machine : MachineType.values()) {
      List<String> line =
          new QemuCommandLine(
                  QemuConfig.builder().machine(machine).build(),
                  TestStart.spec(1, MemorySize.mebibytes(128)),
                  STATE,
                  true,
                  machine,
                  true)
              .arguments();
      assertThat(Openings.of(line, new QemuSockets(STATE))).isEmpty();
    }
  }
}
