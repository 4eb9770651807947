package io.katajava.qemu.internal;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.spi.StartContext;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What can be known to fail before anything is spawned.
 *
 * @param config what is asked for
 * @param spec what is launched
 * @param context of the start, which says where it failed
 * @param machineType the machine
 * @param kvm whether the guest's vCPUs are the host's own
 */
record LaunchChecks(
    QemuConfig config, VmSpec spec, StartContext context, MachineType machineType, boolean kvm) {
  private static final Logger log = LoggerFactory.getLogger(LaunchChecks.class);

  /** From how many vCPUs for each CPU on a start is worth a word. */
  private static final int CROWD = 4;

  Path binary() {
    try {
      return QemuBinary.find(config.binary(), machineType.architecture());
    } catch (KataException e) {
      throw context.failure(
          e.code(),
          String.valueOf(e.getMessage()).replace(". " + e.remedy().orElse(""), ""),
          e.remedy().orElse(null),
          VmEvidence.none(),
          null);
    }
  }

  void bootFiles() {
    requireFile("kernel", spec.guest().kernel(), ErrorCode.KERNEL_NOT_FOUND);
    spec.guest()
        .initrd()
        .ifPresent(initrd -> requireFile("initrd", initrd, ErrorCode.GUEST_BUILD_FAILED));
  }

  private void requireFile(String what, Path file, ErrorCode code) {
    if (!Files.isReadable(file) || !Files.isRegularFile(file)) {
      throw context.failure(
          code,
          "the guest " + what + " " + file + " is not a readable file",
          "Give the path of an existing " + what,
          VmEvidence.none(),
          null);
    }
  }

  void kernelParameters() {
    List<String> parameters =
        KernelParameters.of(config, machineType, spec.guest().kernelParameters());
    int length = KernelParameters.length(parameters);
    int limit = KernelParameters.limit(machineType);
    if (length > limit) {
      throw context.failure(
          ErrorCode.INVALID_CONFIGURATION,
          "the kernel's parameters have "
              + length
              + " bytes, but a kernel for "
              + machineType.architecture()
              + " reads "
              + limit
              + " and cuts off the rest",
          "Leave out "
              + (length - limit)
              + " bytes of addKernelParameter(...) or kernel_params; "
              + (length - KernelParameters.length(config.kernelParameters()))
              + " bytes are the machine's and the guest's own",
          VmEvidence.none(),
          null);
    }
  }

  /** Many vCPUs that wait for each other and for few CPUs boot in minutes, and nobody knows why. */
  void crowd() {
    int cpus = Runtime.getRuntime().availableProcessors();
    int vcpus = spec.sizes().vcpus();
    if (vcpus > CROWD * cpus) {
      log.warn(
          "[{}] {} vCPUs share {} CPUs of this host{}: the guest may take minutes to boot",
          spec.sandboxId(),
          vcpus,
          cpus,
          kvm ? "" : " without KVM");
    }
  }

  void memory() {
    if (spec.sizes().memory().compareTo(QemuConfig.MINIMUM_MEMORY) < 0) {
      throw context.failure(
          ErrorCode.INVALID_CONFIGURATION,
          spec.sizes().memory() + " of guest memory are too little",
          "Give the guest at least " + QemuConfig.MINIMUM_MEMORY + " of memory",
          VmEvidence.none(),
          null);
    }
  }
}
