package io.katajava.qemu.internal;

import static io.katajava.qemu.ChangePlan.Verdict.LIVE;
import static io.katajava.qemu.ChangePlan.Verdict.NEEDS_RESTART;
import static io.katajava.qemu.ChangePlan.Verdict.UNSUPPORTED;

import io.katajava.MemorySize;
import io.katajava.json.JsonNumber;
import io.katajava.qemu.ChangePlan;
import io.katajava.qemu.LiveChange;
import io.katajava.qemu.MachineType;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.internal.ChangeStep.Command;
import io.katajava.qemu.internal.ChangeStep.Unplug;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpCommandException;
import io.katajava.qmp.command.DeviceAdd;
import io.katajava.qmp.command.QomSet;
import io.katajava.qmp.command.QueryHotpluggableCpus;
import io.katajava.qmp.command.QueryMemoryDevices;
import io.katajava.qmp.command.QueryMemorySizeSummary;
import io.katajava.qmp.type.CpuInstanceProperties;
import io.katajava.qmp.type.HotpluggableCPU;
import io.katajava.qmp.type.MemoryDeviceInfo;
import io.katajava.qmp.type.MemoryInfo;
import io.katajava.spi.VmSpec;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** From a change to its steps, by what the machine has now. Not safe for several threads. */
final class ChangePlanner {
  /**
   * A plan with the steps themselves.
   *
   * @param verdict whether it can be done now
   * @param why the reason
   * @param steps what would be sent
   * @param done what to remember once it is done
   */
  record Draft(ChangePlan.Verdict verdict, String why, List<ChangeStep> steps, Runnable done) {
    ChangePlan plan() {
      return new ChangePlan(verdict, why, steps.stream().map(Object::toString).toList());
    }
  }

  private final boolean kvm;
  private final QemuConfig config;
  private final MachineType machine;
  private final MemoryParts memory;
  private final DevicePlanner devices;
  private final Deque<String> addedVcpus = new ArrayDeque<>();
  private final Map<String, List<QemuItem>> addedModules = new HashMap<>();
  private boolean changed;

  ChangePlanner(QemuConfig config, MachineType machine, VmSpec spec, boolean kvm) {
    this.kvm = kvm;
    this.config = config;
    this.machine = machine;
    this.memory = new MemoryParts(config, spec.sizes().memory(), false, spec.sharesDirectories());
    this.devices = new DevicePlanner(config, machine, memory.isShared());
  }

  /** A change is about to be carried out. */
  void changes() {
    changed = true;
  }

  /** Whether the machine may have something now that its command line does not say. */
  boolean isChanged() {
    return changed;
  }

  Draft draft(LiveChange change, QmpClient qmp) {
    if (change instanceof LiveChange.AddVcpus add) {
      return addVcpus(add.count(), qmp);
    } else if (change instanceof LiveChange.RemoveVcpus remove) {
      return removeVcpus(remove.count());
    } else if (change instanceof LiveChange.AddMemory add) {
      return addMemory(add, qmp);
    } else if (change instanceof LiveChange.RemoveMemory remove) {
      return removeMemory(remove.id());
    } else if (change instanceof LiveChange.ResizeMemory resize) {
      return resize(resize.size());
    } else if (change instanceof LiveChange.AddDevice add) {
      return devices.add(add.device());
    } else {
      return devices.remove(((LiveChange.RemoveDevice) change).id());
    }
  }

  static Draft no(ChangePlan.Verdict verdict, String why) {
    return new Draft(verdict, why, List.of(), () -> {});
  }

  private Draft addVcpus(int count, QmpClient qmp) {
    List<HotpluggableCPU> all;
    try {
      all = qmp.execute(new QueryHotpluggableCpus());
    } catch (QmpCommandException e) {
      return no(UNSUPPORTED, machine.qemuName() + " cannot have vCPUs plugged");
    }
    List<HotpluggableCPU> free =
        all.stream()
            .filter(cpu -> cpu.qomPath() == null)
            .sorted(
                Comparator.comparing((HotpluggableCPU cpu) -> order(cpu.props().socketId()))
                    .thenComparing(cpu -> order(cpu.props().coreId()))
                    .thenComparing(cpu -> order(cpu.props().threadId())))
            .toList();
    if (free.size() < count) {
      return no(
          machine == MachineType.MICROVM ? UNSUPPORTED : NEEDS_RESTART,
          "the CPU layout has room for "
              + free.size()
              + " more; start with a larger CpuLayout.maximum");
    }
    List<ChangeStep> steps = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    for (HotpluggableCPU cpu : free.subList(0, count)) {
      String id = "cpu-" + place(cpu.props());
      ids.add(id);
      DeviceAdd.Builder add = DeviceAdd.builder(cpu.type()).id(id);
      cpu.props().toJson().asMap().forEach(add::additional);
      steps.add(new Command(add.build(), kvm ? new Unplug(id, null) : null));
    }
    return new Draft(LIVE, "the CPU layout has room", steps, () -> ids.forEach(addedVcpus::push));
  }

  private static long order(@Nullable Long id) {
    return id == null ? 0 : id;
  }

  private static String place(CpuInstanceProperties props) {
    return order(props.socketId()) + "-" + order(props.coreId()) + "-" + order(props.threadId());
  }

  private Draft removeVcpus(int count) {
    if (!kvm) {
      // Linux 6.1 consents, but QEMU 7.2 then damages its heap; 10.0 lives on, the vCPU stays too.
      return no(UNSUPPORTED, "QEMU does not finish the removal of a vCPU that TCG runs");
    }
    if (addedVcpus.size() < count) {
      return no(
          UNSUPPORTED,
          addedVcpus.size() + " vCPUs were added; those of the start cannot be removed");
    }
    List<ChangeStep> steps = new ArrayList<>();
    addedVcpus.stream().limit(count).forEach(id -> steps.add(new Unplug(id, null)));
    return new Draft(
        LIVE,
        "they were added before",
        steps,
        () -> {
          for (int i = 0; i < count; i++) {
            addedVcpus.pop();
          }
        });
  }

  private Draft addMemory(LiveChange.AddMemory add, QmpClient qmp) {
    if (machine == MachineType.MICROVM) {
      return no(UNSUPPORTED, "microvm cannot have memory plugged");
    }
    MemorySize maximum = config.memoryLayout().maximum().orElse(null);
    if (maximum == null || config.memoryLayout().slots() == 0) {
      return no(NEEDS_RESTART, "there are no memory slots; start with MemoryLayout.pluggable(...)");
    }
    List<MemoryDeviceInfo> present = qmp.execute(new QueryMemoryDevices());
    if (present.size() >= config.memoryLayout().slots()) {
      return no(NEEDS_RESTART, "all " + present.size() + " memory slots are full");
    }
    MemoryInfo now = qmp.execute(new QueryMemorySizeSummary());
    long plugged = now.pluggedMemory() == null ? 0 : now.pluggedMemory();
    long room = maximum.bytes() - now.baseMemory() - plugged;
    if (room < add.size().bytes()) {
      return no(
          NEEDS_RESTART, "there is room for " + MemorySize.bytes(room) + " more until " + maximum);
    }
    if (addedModules.containsKey(add.id())) {
      return no(UNSUPPORTED, "there is a memory module '" + add.id() + "' already");
    }
    QemuItem backend = memory.pluggedBackend("mem-" + add.id(), add.size());
    QemuItem module = QemuItem.device("pc-dimm", add.id()).with("memdev", backend.id());
    List<QemuItem> parts = List.of(backend, module);
    return new Draft(
        LIVE,
        "there are a free slot and room",
        ItemSteps.adding(parts),
        () -> addedModules.put(add.id(), parts));
  }

  private Draft removeMemory(String id) {
    List<QemuItem> parts = addedModules.get(id);
    if (parts == null) {
      return no(UNSUPPORTED, "no memory module '" + id + "' was added");
    }
    return new Draft(
        LIVE, "it was added before", ItemSteps.removing(parts), () -> addedModules.remove(id));
  }

  private Draft resize(MemorySize size) {
    if (machine == MachineType.MICROVM) {
      return no(UNSUPPORTED, "microvm's memory cannot be resized");
    }
    if (!config.memoryLayout().resizable()) {
      return no(
          NEEDS_RESTART, "the memory is not resizable; start with MemoryLayout.resizable(...)");
    }
    QomSet set =
        new QomSet(
            "/machine/peripheral/" + MemoryParts.VIRTIO_MEM,
            "requested-size",
            JsonNumber.of(size.bytes()));
    return new Draft(LIVE, "the memory is resizable", List.of(new Command(set, null)), () -> {});
  }
}
