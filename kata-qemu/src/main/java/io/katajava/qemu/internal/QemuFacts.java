package io.katajava.qemu.internal;

import io.katajava.HostFact;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.EntropySource;
import io.katajava.qemu.device.HostDevice;
import io.katajava.spi.HostView;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** QEMU's part of the environment report, with the names of Kata's own report. */
public final class QemuFacts {
  private static final String SECTION = "Hypervisor";
  private static final String SECURITY = "Hypervisor.SecurityInfo";

  private final QemuConfig config;
  private final HostView host;
  private final List<HostFact> facts = new ArrayList<>();

  /**
   * Prepares; nothing is run yet.
   *
   * @param config what would be used
   * @param host where to look
   */
  public QemuFacts(QemuConfig config, HostView host) {
    this.config = config;
    this.host = host;
  }

  /**
   * Looks.
   *
   * @return the facts
   * @throws InterruptedException when the calling thread is interrupted
   */
  public List<HostFact> list() throws InterruptedException {
    HostQemu qemu = HostQemu.of(config, host);
    add("MachineType", qemu.machine().map(MachineType::qemuName).orElse(HostFact.UNKNOWN));
    add("Version", version(qemu));
    add("Path", qemu.binary().map(Object::toString).orElse(HostFact.UNKNOWN));
    add("Accelerator", HostQemu.accelerator(config, host).kvm() ? "kvm" : "tcg");
    add("DefaultVCPUs", (long) config.sizes().vcpus());
    add("DefaultMemory", config.sizes().memory().toMebibytes());
    add("BlockDeviceDriver", "virtio-blk");
    add("EntropySource", entropySource());
    add("SharedFS", "virtio-fs");
    add("VirtioFSDaemon", host.program("virtiofsd").map(Object::toString).orElse(HostFact.UNKNOWN));
    // Kata leaves it empty for QEMU with vsock; our own guests answer on a virtio-serial port.
    add("SocketPath", "");
    // 9p is not offered.
    add("Msize9p", 0L);
    add("MemorySlots", (long) config.memoryLayout().slots());
    add("HotPlugVFIO", config.pciePorts() > 0 ? "root-port" : "no-port");
    add(
        "ColdPlugVFIO",
        config.devices().stream().anyMatch(HostDevice.class::isInstance) ? "root-port" : "no-port");
    add("PCIeRootPort", (long) config.pciePorts());
    add("PCIeSwitchPort", 0L);
    add("Debug", config.debug().isPresent());
    facts.add(new HostFact(SECURITY, "Rootless", !"root".equals(System.getProperty("user.name"))));
    facts.add(new HostFact(SECURITY, "DisableSeccomp", false));
    facts.add(new HostFact(SECURITY, "GuestHookPath", ""));
    facts.add(new HostFact(SECURITY, "EnableAnnotations", List.of()));
    facts.add(new HostFact(SECURITY, "ConfidentialGuest", false));
    return List.copyOf(facts);
  }

  private String version(HostQemu qemu) throws InterruptedException {
    if (qemu.binary().isEmpty()) {
      return HostFact.UNKNOWN;
    }
    try {
      return HostQemu.ask(qemu.binary().get(), host)
          .map(known -> "QEMU emulator version " + known.version())
          .orElse(HostFact.UNKNOWN);
    } catch (IOException e) {
      return HostFact.UNKNOWN;
    }
  }

  /** Without the device the guest's kernel draws on the processor's own generator. */
  private String entropySource() {
    return config.devices().stream()
        .filter(EntropySource.class::isInstance)
        .map(device -> ((EntropySource) device).source().toString())
        .findFirst()
        .orElse("");
  }

  private void add(String name, Object value) {
    facts.add(new HostFact(SECTION, name, value));
  }
}
