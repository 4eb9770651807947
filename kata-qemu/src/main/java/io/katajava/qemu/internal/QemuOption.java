package io.katajava.qemu.internal;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * QEMU's options as far as the gate is concerned: which take a value, and what they reach.
 *
 * @param hasValue whether the next argument is its value, whatever that looks like
 * @param reach what it reaches
 */
record QemuOption(boolean hasValue, Reach reach) {
  /** What an option reaches. */
  enum Reach {
    /** The guest: the text is its own. */
    GUEST(""),
    /** The machine, and plain files. */
    INSIDE(""),
    /** What its members say. */
    DEVICE(""),
    OBJECT(""),
    DEFAULT(""),
    MACHINE(""),
    ACCELERATOR(""),
    MONITOR("it opens QEMU to another controller"),
    DEBUGGER("it opens the machine to a debugger"),
    CHANNEL("it opens a console or another channel of QEMU's"),
    DISK("it opens a disk outside of the driver's sight; Disk with addDevice(...) does it in it"),
    NETWORK("it opens a network of the host; Network and Nic do it within the sandbox's rules"),
    HOST("it opens something of the host"),
    FILTER(
        "it changes the filter of system calls; seccompFilter(...) does it in the driver's sight"),
    CODE("it has QEMU read more options, or run more code"),
    ESCAPE("it takes QEMU out of the driver's hands");

    private final String why;

    Reach(String why) {
      this.why = why;
    }

    String why() {
      return why;
    }
  }

  private static final Map<String, QemuOption> ALL = new HashMap<>();

  static {
    // Of all QEMUs from 7.2 to 11.1. An option that is not here is refused: the next version's
    // may open anything.
    flags(
        Reach.INSIDE,
        "S enable-fips enable-kvm enable-sync-profile full-screen mem-prealloc no-acpi"
            + " no-fd-bootchk no-hpet no-kvm no-reboot no-shutdown no-user-config nodefaults"
            + " nouserconfig old-param only-migratable portrait singlestep snapshot usb"
            + " win2k-hack audio-help");
    values(
        Reach.INSIDE,
        "L acpitable action balloon bios boot compat cpu d dfilter dtb echr fw_cfg g icount"
            + " initrd k kernel loadvm m mem-path msg name numa option-rom overcommit prom-env"
            + " rotate rtc seed smbios smp tb-size uuid vga watchdog watchdog-action"
            + " D dump-vmstate pidfile qtest-log trace shim");
    values(Reach.GUEST, "append");
    values(Reach.FILTER, "sandbox");
    flags(Reach.INSIDE, "jitdump perfmap");
    values(Reach.DEVICE, "device");
    values(Reach.OBJECT, "object");
    values(Reach.DEFAULT, "global");
    values(Reach.MACHINE, "machine M");
    values(Reach.ACCELERATOR, "accel");
    values(Reach.MONITOR, "qmp qmp-pretty mon monitor qtest");
    values(Reach.DEBUGGER, "gdb");
    flags(Reach.DEBUGGER, "s");
    values(Reach.CHANNEL, "chardev serial parallel debugcon vnc spice display audio audiodev");
    flags(Reach.CHANNEL, "nographic curses sdl gtk alt-grab ctrl-grab");
    values(Reach.DISK, "drive blockdev hda hdb hdc hdd cdrom fda fdb pflash sd mtdblock iscsi");
    values(Reach.NETWORK, "netdev net nic");
    values(
        Reach.HOST,
        "usbdevice tpmdev fsdev virtfs add-fd semihosting-config xen-domid bt soundhw pcap");
    flags(Reach.HOST, "semihosting virtfs_synth xen-attach xen-domid-restrict");
    values(Reach.CODE, "readconfig writeconfig set plugin");
    values(Reach.ESCAPE, "incoming runas chroot run-with");
    flags(Reach.ESCAPE, "daemonize preconfig async-teardown h help version");
  }

  private static void flags(Reach reach, String names) {
    for (String name : names.split(" ", -1)) {
      ALL.put(name, new QemuOption(false, reach));
    }
  }

  private static void values(Reach reach, String names) {
    for (String name : names.split(" ", -1)) {
      ALL.put(name, new QemuOption(true, reach));
    }
  }

  /** By its name without dashes; QEMU knows no abbreviations. */
  static Optional<QemuOption> of(String name) {
    return Optional.ofNullable(ALL.get(name));
  }
}
