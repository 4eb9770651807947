package io.katajava.cli;

import io.katajava.HostFact;
import io.katajava.HostFinding;
import io.katajava.config.KataConfiguration;
import io.katajava.config.LaunchPlan;
import io.katajava.guest.GuestHostProbe;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.HostProbe;
import io.katajava.spi.HostView;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The guest of a configuration: the one it names, else that of the class path. */
final class GuestProbe implements HostProbe {
  private static final String KERNEL = "Kernel";
  private static final String PARAMETERS = "Parameters";

  private final HostProbe ofClassPath = new GuestHostProbe();
  private final KataConfiguration configuration;
  private final LaunchPlan plan;

  GuestProbe(KataConfiguration configuration, LaunchPlan plan) {
    this.configuration = configuration;
    this.plan = plan;
  }

  /** Takes the place of the one of the class path. */
  @Override
  public String name() {
    return ofClassPath.name();
  }

  @Override
  public List<HostFinding> check(HostView host) throws InterruptedException {
    if (plan.guest().isEmpty()) {
      return ofClassPath.check(host);
    }
    Map<String, Path> files = new LinkedHashMap<>();
    files.put("kernel", plan.guestAssets().kernel());
    plan.guestAssets().initrd().ifPresent(initrd -> files.put("initrd", initrd));
    configuration.hypervisor().image().ifPresent(image -> files.put("image", image));
    List<HostFinding> findings = new ArrayList<>();
    files.forEach((name, file) -> findings.add(readable(name, file)));
    return findings;
  }

  private HostFinding readable(String name, Path file) {
    return Files.isReadable(file)
        ? HostFinding.passed(name(), name, file + ", which the configuration names")
        : HostFinding.failed(
            name(),
            name,
            file + ", which the configuration names, cannot be read",
            "Make it readable for this user, or name another file in the configuration");
  }

  @Override
  public List<HostFact> facts(HostView host) throws InterruptedException {
    List<HostFact> facts = new ArrayList<>();
    List<String> parameters = new ArrayList<>();
    if (plan.guest().isEmpty()) {
      for (HostFact fact : ofClassPath.facts(host)) {
        if (fact.section().equals(KERNEL) && fact.name().equals(PARAMETERS)) {
          parameters.add(String.valueOf(fact.value()));
        } else {
          facts.add(fact);
        }
      }
    } else {
      GuestAssets assets = plan.guestAssets();
      facts.add(new HostFact(KERNEL, "Path", assets.kernel().toString()));
      facts.add(path("Image", configuration.hypervisor().image().map(Path::toString).orElse("")));
      facts.add(path("Initrd", assets.initrd().map(Path::toString).orElse("")));
      facts.add(new HostFact("Agent", "Debug", false));
      facts.add(new HostFact("Agent", "Trace", false));
      parameters.addAll(assets.kernelParameters());
    }
    parameters.addAll(plan.qemu().kernelParameters());
    facts.add(new HostFact(KERNEL, PARAMETERS, String.join(" ", parameters).strip()));
    return facts;
  }

  private static HostFact path(String section, String value) {
    return new HostFact(section, "Path", value);
  }
}
