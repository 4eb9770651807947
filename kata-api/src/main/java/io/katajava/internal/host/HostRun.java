package io.katajava.internal.host;

import io.katajava.ErrorCode;
import io.katajava.HostCheckOptions;
import io.katajava.HostFact;
import io.katajava.HostFinding;
import io.katajava.HostReport;
import io.katajava.HostReport.BrokenCheck;
import io.katajava.KataException;
import io.katajava.spi.HostProbe;
import io.katajava.spi.HostView;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;

/** One look at the host: our own checks and those of the probes. */
public final class HostRun {
  private final HostView host;
  private final HostCheckOptions options;
  private final List<BrokenCheck> broken = new ArrayList<>();

  /** One part of the check. */
  @FunctionalInterface
  private interface Part<T> {
    List<T> look() throws InterruptedException;
  }

  /**
   * Prepares; nothing is looked at yet.
   *
   * @param options where and how to look
   */
  public HostRun(HostCheckOptions options) {
    this.options = options;
    this.host =
        new HostView(
            options.root(),
            options.architecture(),
            options.environment(),
            options.directories(),
            options.networkChecks());
  }

  HostView host() {
    return host;
  }

  /**
   * Makes all checks. A check that throws does not keep the others from being made.
   *
   * @return what they found
   */
  public HostReport check() {
    List<HostFinding> findings = new ArrayList<>(ownChecks());
    findings.addAll(
        guarded(
            PlaceCheck.GROUP,
            () -> new PlaceCheck(options.directories(), PlaceCheck::ofFileStore).run()));
    for (HostProbe probe : probes()) {
      findings.addAll(guarded(probe.name(), () -> probe.check(host)));
    }
    return new HostReport(findings, broken);
  }

  /** Whether the processor, the modules and the device Kata's own runtime asks for are there. */
  boolean isVmCapable() {
    List<String> required = new ArrayList<>();
    ModuleCheck.required(host).forEach(module -> required.add(ModuleCheck.GROUP + "/" + module));
    required.add(DeviceCheck.GROUP + "/kvm");
    return ownChecks().stream()
        .filter(
            finding ->
                finding.group().equals(CpuCheck.GROUP)
                    || required.contains(finding.group() + "/" + finding.name()))
        .allMatch(finding -> finding.status() == HostFinding.Status.PASSED);
  }

  List<HostFact> facts() {
    List<HostFact> facts = new ArrayList<>();
    for (HostProbe probe : probes()) {
      facts.addAll(guarded(probe.name(), () -> probe.facts(host)));
    }
    return facts;
  }

  private List<HostFinding> ownChecks() {
    List<HostFinding> findings = new ArrayList<>();
    findings.addAll(guarded(CpuCheck.GROUP, () -> CpuCheck.run(host)));
    findings.addAll(guarded(ModuleCheck.GROUP, () -> ModuleCheck.run(host)));
    findings.addAll(guarded(DeviceCheck.GROUP, () -> DeviceCheck.run(host)));
    findings.addAll(guarded(SystemCheck.GROUP, () -> SystemCheck.run(host)));
    findings.addAll(guarded(ProgramCheck.GROUP, () -> ProgramCheck.run(host)));
    return findings;
  }

  private <T> List<T> guarded(String name, Part<T> part) {
    try {
      return part.look();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED, "the thread was interrupted while it checked the host", e);
    } catch (RuntimeException | LinkageError e) {
      broken.add(new BrokenCheck(name, e.getMessage() == null ? e.toString() : e.getMessage()));
      return List.of();
    }
  }

  /** Those on the class path, in its order, then the given ones; a given one replaces its like. */
  private List<HostProbe> probes() {
    Map<String, HostProbe> byName = new LinkedHashMap<>();
    // The loader of this library, not the thread's, as for the other providers.
    Iterator<HostProbe> found =
        ServiceLoader.load(HostProbe.class, HostRun.class.getClassLoader()).iterator();
    boolean more = true;
    while (more) {
      try {
        more = found.hasNext();
        if (more) {
          HostProbe probe = found.next();
          byName.putIfAbsent(probe.name(), probe);
        }
      } catch (ServiceConfigurationError e) {
        broken.add(new BrokenCheck("probes on the class path", String.valueOf(e.getMessage())));
      }
    }
    options.probes().forEach(probe -> byName.put(probe.name(), probe));
    return List.copyOf(byName.values());
  }
}
