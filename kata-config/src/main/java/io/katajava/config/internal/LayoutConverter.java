package io.katajava.config.internal;

import io.katajava.config.ConfigurationKey;
import io.katajava.config.ConfigurationKeys;
import io.katajava.config.Layout;
import io.katajava.config.Origin;
import io.katajava.config.Setting;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** From one runtime's spelling to the other's: keys that moved, units and values that differ. */
public final class LayoutConverter {
  private static final String AGENT = "agent.kata";

  private final List<Setting> settings;
  private final String hypervisor;
  private final Layout layout;
  private final List<String> notes;
  private final Map<String, Setting> converted = new LinkedHashMap<>();

  /**
   * Prepares a conversion.
   *
   * @param settings what is set
   * @param hypervisorName the hypervisor that counts
   * @param layout the runtime to be
   * @param notes is told what is lost
   */
  public LayoutConverter(
      List<Setting> settings, String hypervisorName, Layout layout, List<String> notes) {
    this.settings = settings;
    this.hypervisor = hypervisorName;
    this.layout = layout;
    this.notes = notes;
  }

  /**
   * Converts.
   *
   * @return the settings by path
   */
  public Map<String, Setting> convert() {
    for (Setting setting : settings) {
      if (setting.key().runtimes().contains(layout)) {
        put(setting.table(), setting.key().name(), ValueSpelling.of(setting, layout, notes));
      }
    }
    // After those that are the same in both: a moved key never wins over the right one.
    for (Setting setting : settings) {
      if (!setting.key().runtimes().contains(layout)) {
        moved(setting);
      }
    }
    if (layout == Layout.RUNTIME_RS) {
      put("runtime", "name", "virt_container");
      put("runtime", "hypervisor_name", hypervisor);
      put("runtime", "agent_name", "kata");
    }
    return converted;
  }

  private void moved(Setting setting) {
    boolean toRust = layout == Layout.RUNTIME_RS;
    String table = setting.table();
    Object value = setting.value();
    switch (setting.path().replaceFirst("^hypervisor\\.[a-z]+", "hypervisor")) {
      case "hypervisor.seccompsandbox" -> put(table, "seccomp_sandbox", value);
      case "hypervisor.seccomp_sandbox" -> put(table, "seccompsandbox", value);
      case "factory.enable_template" -> put("hypervisor." + hypervisor + ".factory", setting);
      case "factory.template_path" -> put("hypervisor." + hypervisor + ".factory", setting);
      case "hypervisor.factory.enable_template", "hypervisor.factory.template_path" ->
          put("factory", setting);
      case "hypervisor.remote_hypervisor_socket" -> put(table, "hypervisor_socket", value);
      case "hypervisor.hypervisor_socket" -> put(table, "remote_hypervisor_socket", value);
      case "hypervisor.remote_hypervisor_timeout" -> put(table, "hypervisor_timeout", value);
      case "hypervisor.hypervisor_timeout" -> put(table, "remote_hypervisor_timeout", value);
      case "hypervisor.vm_rootfs_driver" ->
          put(table, "disable_image_nvdimm", !value.equals("virtio-pmem"));
      case "hypervisor.selinux_label" -> put("runtime", "guest_selinux_label", value);
      case "runtime.guest_selinux_label" -> put("hypervisor." + hypervisor, "selinux_label", value);
      case "runtime.create_container_timeout" -> put(AGENT, setting);
      case "agent.kata.create_container_timeout" -> put("runtime", setting);
      case "agent.kata.dial_timeout" -> put(AGENT, "reconnect_timeout_ms", millis(value));
      case "agent.kata.reconnect_timeout_ms" -> put(AGENT, "dial_timeout", seconds(setting));
      case "agent.kata.cdh_api_timeout" -> put(AGENT, "cdh_api_timeout_ms", millis(value));
      case "agent.kata.cdh_api_timeout_ms" -> put(AGENT, "cdh_api_timeout", seconds(setting));
      case "runtime.experimental_force_guest_pull" -> {
        if (value.equals(true)) {
          put("runtime", "experimental", List.of("force_guest_pull"));
        }
      }
      case "runtime.name", "runtime.hypervisor_name", "runtime.agent_name" -> {
        // Only runtime-rs needs to be told.
      }
      default -> {
        if (!setting.isDefault()) {
          notes.add(lost(setting, toRust));
        }
      }
    }
    if (!toRust && setting.path().equals("runtime.hypervisor_name")) {
      otherHypervisors();
    }
  }

  /** Without {@code hypervisor_name} the sections themselves must tell which one counts. */
  private void otherHypervisors() {
    settings.stream()
        .map(Setting::table)
        .filter(table -> table.startsWith("hypervisor."))
        .filter(table -> !table.split("\\.", -1)[1].equals(hypervisor))
        .distinct()
        .forEach(
            table ->
                notes.add(
                    "["
                        + table
                        + "] stands beside the section that counts; remove it: the runtime"
                        + " in Go has no hypervisor_name"));
  }

  private static String lost(Setting setting, boolean toRust) {
    return setting.path()
        + " = "
        + TomlNames.cut(setting.text())
        + " is left out: "
        + (toRust ? "runtime-rs" : "the runtime in Go")
        + " does not read it";
  }

  private static long millis(Object seconds) {
    return Math.min((Long) seconds, Long.MAX_VALUE / 1000) * 1000;
  }

  private long seconds(Setting setting) {
    long millis = (Long) setting.value();
    if (millis % 1000 != 0) {
      notes.add(setting.path() + " = " + millis + " is rounded up to whole seconds");
    }
    return millis / 1000 + (millis % 1000 == 0 ? 0 : 1);
  }

  private void put(String table, Setting setting) {
    put(table, setting.key().name(), setting.value());
  }

  private void put(String table, String name, Object value) {
    Optional<ConfigurationKey> key = ConfigurationKeys.find(table, name);
    key.ifPresent(
        known -> {
          Setting setting = new Setting(table, known, value, Origin.program());
          converted.putIfAbsent(setting.path(), setting);
        });
    if (key.isEmpty()) {
      List<String> lines = new ArrayList<>(notes);
      if (lines.stream().noneMatch(line -> line.startsWith(table + "." + name))) {
        notes.add(table + "." + name + " is left out: this hypervisor has no such key");
      }
    }
  }
}
