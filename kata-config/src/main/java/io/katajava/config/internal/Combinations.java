package io.katajava.config.internal;

import io.katajava.config.ConfigurationProblem;
import io.katajava.config.ConfigurationValues;
import io.katajava.config.HypervisorSection;
import io.katajava.config.Origin;
import io.katajava.config.RuntimeSection;
import io.katajava.config.Setting;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Values that are right each for itself but do not go together. */
public final class Combinations {
  private final ConfigurationValues configuration;
  private final boolean checkFiles;
  private final Consumer<ConfigurationProblem> problems;
  private final HypervisorSection hypervisor;
  private final RuntimeSection runtime;

  /**
   * Prepares the checks.
   *
   * @param configuration what was merged
   * @param checkFiles whether files must exist
   * @param problems is told what is wrong
   */
  public Combinations(
      ConfigurationValues configuration,
      boolean checkFiles,
      Consumer<ConfigurationProblem> problems) {
    this.configuration = configuration;
    this.checkFiles = checkFiles;
    this.problems = problems;
    this.hypervisor = configuration.hypervisor();
    this.runtime = configuration.runtime();
  }

  /** Checks everything. */
  public void check() {
    sections();
    extraMonitor();
    network();
    factory();
    agent();
    if (hypervisor.name().equals(ConfigurationValues.QEMU)) {
      guest();
      machine();
      devices();
      confidential();
    }
    new NamedFiles(configuration, checkFiles, problems).check();
  }

  private void sections() {
    runtime
        .setting("hypervisor_name")
        .ifPresent(
            setting -> {
              String table = "hypervisor." + setting.value();
              if (!HypervisorNames.ALL.contains(setting.value())
                  || !configuration.hasTable(table)) {
                error(
                    setting,
                    "names a section that is not there",
                    "the name of a [hypervisor.*] section of this configuration");
              }
            });
    runtime
        .setting("agent_name")
        .filter(setting -> !setting.value().equals("kata"))
        .ifPresent(setting -> error(setting, "names a section that is not there", "\"kata\""));
    for (String name : HypervisorNames.ALL) {
      List<Setting> settings = configuration.hypervisor(name).settings();
      if (!name.equals(hypervisor.name()) && !settings.isEmpty()) {
        problems.accept(
            ConfigurationProblem.warning(
                settings.get(0).origin(),
                "hypervisor." + name,
                "is ignored: [" + hypervisor.table() + "] is used",
                "",
                ""));
      }
    }
  }

  /** The gate: only debug of the same section opens it. */
  private void extraMonitor() {
    HypervisorSection qemu = configuration.hypervisor(ConfigurationValues.QEMU);
    qemu.setting("extra_monitor_socket")
        .filter(setting -> !setting.value().equals("") && !qemu.enableDebug())
        .ifPresent(
            setting ->
                problems.accept(
                    ConfigurationProblem.warning(
                        setting.origin(),
                        setting.path(),
                        "is ignored because enable_debug of [hypervisor.qemu] is not true",
                        "",
                        "")));
  }

  private void network() {
    runtime
        .setting("disable_new_netns")
        .filter(setting -> setting.value().equals(true))
        .filter(
            setting -> !runtime.string("internetworking_model").orElse("tcfilter").equals("none"))
        .ifPresent(
            setting ->
                error(
                    setting,
                    "does not go with internetworking_model = \""
                        + runtime.string("internetworking_model").orElse("tcfilter")
                        + "\""
                        + at(runtime.setting("internetworking_model")),
                    "internetworking_model = \"none\""));
  }

  private void factory() {
    Optional<Setting> template =
        configuration
            .factory()
            .setting("enable_template")
            .filter(setting -> setting.value().equals(true));
    template
        .filter(setting -> configuration.factory().cacheNumber() > 0)
        .ifPresent(
            setting ->
                error(
                    setting,
                    "does not go with vm_cache_number"
                        + at(configuration.factory().setting("vm_cache_number")),
                    "one of the two"));
    if (hypervisor.name().equals(ConfigurationValues.QEMU)) {
      template
          .filter(setting -> hypervisor.string("shared_fs").orElse("").contains("virtio-fs"))
          .ifPresent(
              setting ->
                  error(
                      setting,
                      "does not go with shared_fs = \""
                          + hypervisor.string("shared_fs").orElse("")
                          + "\""
                          + at(hypervisor.setting("shared_fs")),
                      "shared_fs = \"virtio-9p\" or \"none\""));
    } else {
      configuration
          .factory()
          .setting("vm_cache_number")
          .filter(setting -> (Long) setting.value() > 0)
          .ifPresent(setting -> error(setting, "works with QEMU only", "0"));
    }
  }

  private void agent() {
    Optional<Long> budget = configuration.agent().integer("reconnect_timeout_ms");
    configuration
        .agent()
        .setting("dial_timeout_ms")
        .filter(setting -> budget.isPresent() && budget.get() < (Long) setting.value())
        .ifPresent(
            setting ->
                error(
                    setting,
                    "is longer than reconnect_timeout_ms = "
                        + budget.orElse(0L)
                        + at(configuration.agent().setting("reconnect_timeout_ms")),
                    "at most reconnect_timeout_ms"));
  }

  private void guest() {
    Optional<Setting> image = nonEmpty("image");
    Optional<Setting> initrd = nonEmpty("initrd");
    if (image.isPresent() && initrd.isPresent()) {
      error(initrd.get(), "does not go with image" + at(image), "exactly one of image and initrd");
    }
    // With Secure Execution the root filesystem is inside the signed kernel.
    nonEmpty("kernel")
        .filter(kernel -> image.isEmpty() && initrd.isEmpty())
        .filter(kernel -> !hypervisor.confidentialGuest())
        .ifPresent(
            kernel ->
                error(
                    kernel,
                    "is set without image or initrd",
                    "exactly one of image and initrd with it"));
    nonEmpty("kernel_verity_params")
        .filter(setting -> image.isEmpty())
        .ifPresent(setting -> error(setting, "is set without image", "image with it"));
  }

  private void machine() {
    hypervisor
        .setting("enable_iommu")
        .filter(setting -> setting.value().equals(true))
        .filter(setting -> !hypervisor.machineType().orElse("q35").equals("q35"))
        .ifPresent(
            setting ->
                error(
                    setting,
                    "does not go with machine_type = \""
                        + hypervisor.machineType().orElse("")
                        + "\""
                        + at(hypervisor.setting("machine_type")),
                    "machine_type = \"q35\""));
    hypervisor
        .setting("default_maxmemory")
        .filter(setting -> (Long) setting.value() > 0)
        .filter(setting -> (Long) setting.value() < hypervisor.defaultMemory().toMebibytes())
        .ifPresent(
            setting ->
                error(
                    setting,
                    "is less than default_memory = "
                        + hypervisor.defaultMemory().toMebibytes()
                        + at(hypervisor.setting("default_memory")),
                    "0, or at least default_memory"));
    hypervisor
        .setting("numa_mapping")
        .filter(setting -> !((List<?>) setting.value()).isEmpty())
        .filter(setting -> !hypervisor.flag("enable_numa"))
        .ifPresent(setting -> warn(setting, "is ignored because enable_numa is not true"));
  }

  private void devices() {
    boolean hot = !hypervisor.string("hot_plug_vfio").orElse("no-port").equals("no-port");
    hypervisor
        .setting("cold_plug_vfio")
        .filter(setting -> hot && !setting.value().equals("no-port") && !setting.value().equals(""))
        .ifPresent(
            setting ->
                error(
                    setting,
                    "does not go with hot_plug_vfio" + at(hypervisor.setting("hot_plug_vfio")),
                    "\"no-port\" for one of the two"));
    hypervisor
        .setting("enable_vhost_user_store")
        .filter(setting -> setting.value().equals(true) && !hypervisor.flag("enable_hugepages"))
        .ifPresent(
            setting -> error(setting, "needs huge pages", "enable_hugepages = true with it"));
    nonEmpty("shared_fs")
        .filter(setting -> String.valueOf(setting.value()).startsWith("virtio-fs"))
        .filter(setting -> hypervisor.string("virtio_fs_daemon").isEmpty())
        .ifPresent(
            setting ->
                error(
                    setting,
                    "needs a daemon, but virtio_fs_daemon is not set",
                    "virtio_fs_daemon with it"));
    long physical = hypervisor.integer("block_device_physical_sector_size").orElse(0L);
    hypervisor
        .setting("block_device_logical_sector_size")
        .filter(setting -> physical > 0 && (Long) setting.value() > physical)
        .ifPresent(
            setting ->
                error(
                    setting,
                    "is more than block_device_physical_sector_size = "
                        + physical
                        + at(hypervisor.setting("block_device_physical_sector_size")),
                    "at most the physical size"));
  }

  private void confidential() {
    Optional<Setting> block = nonEmpty("snp_id_block");
    Optional<Setting> auth = nonEmpty("snp_id_auth");
    if (block.isPresent() != auth.isPresent()) {
      error(
          block.or(() -> auth).orElseThrow(),
          "is set alone",
          "snp_id_block and snp_id_auth together");
    }
  }

  private Optional<Setting> nonEmpty(String key) {
    return hypervisor.setting(key).filter(setting -> !setting.value().equals(""));
  }

  private static String at(Optional<Setting> other) {
    return other
        .map(Setting::origin)
        .filter(origin -> origin.kind() != Origin.Kind.PROGRAM)
        .map(origin -> " at " + origin)
        .orElse("");
  }

  private void error(Setting setting, String what, String allowed) {
    problems.accept(
        ConfigurationProblem.error(
            setting.origin(), setting.path(), what, TomlNames.cut(setting.text()), allowed));
  }

  private void warn(Setting setting, String what) {
    problems.accept(ConfigurationProblem.warning(setting.origin(), setting.path(), what, "", ""));
  }
}
