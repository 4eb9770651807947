package io.katajava.config;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** {@code [agent.kata]}: the agent in the guest, and its {@code mem_agent} table. */
public final class AgentSection extends Section {
  private static final int DEBUG_CONSOLE_PORT = 1026;

  private final List<Setting> memoryAgent;

  AgentSection(Collection<Setting> settings, Collection<Setting> memoryAgent) {
    super("agent.kata", settings);
    this.memoryAgent = List.copyOf(memoryAgent);
  }

  /**
   * {@code enable_debug}: the agent logs more. It has nothing to do with the hypervisor's.
   *
   * @return false unless it is set
   */
  public boolean enableDebug() {
    return bool("enable_debug").orElse(false);
  }

  /**
   * What the table {@code [agent.kata.mem_agent]} sets.
   *
   * @return the settings, in the order of the reference
   */
  public List<Setting> memoryAgent() {
    return memoryAgent;
  }

  /**
   * What the agent gets to know on the kernel's command line.
   *
   * @return parameters like {@code agent.log=debug}, in a fixed order
   */
  public List<String> kernelParameters() {
    List<String> parameters = new ArrayList<>();
    if (enableDebug()) {
      parameters.add("agent.log=debug");
    } else {
      string("log_level").ifPresent(level -> parameters.add("agent.log=" + level));
    }
    if (bool("enable_tracing").orElse(false)) {
      parameters.add("agent.trace=true");
    }
    if (bool("debug_console_enabled").orElse(false)) {
      parameters.add("agent.debug_console");
      parameters.add("agent.debug_console_vport=" + DEBUG_CONSOLE_PORT);
    }
    // The guest takes whole seconds; the key in milliseconds is the other runtime's spelling.
    integer("cdh_api_timeout")
        .or(() -> integer("cdh_api_timeout_ms").map(millis -> millis / 1000))
        .filter(seconds -> seconds > 0)
        .ifPresent(seconds -> parameters.add("agent.cdh_api_timeout=" + seconds));
    positive(parameters, "launch_process_timeout");
    positive(parameters, "container_pipe_size");
    if (bool("visible_cdi_devices").orElse(false)) {
      parameters.add("agent.visible_cdi_devices=true");
    }
    memoryAgentParameters(parameters);
    return List.copyOf(parameters);
  }

  private void positive(List<String> parameters, String key) {
    integer(key)
        .filter(value -> value > 0)
        .ifPresent(value -> parameters.add("agent." + key + "=" + value));
  }

  private void memoryAgentParameters(List<String> parameters) {
    boolean enabled =
        memoryAgent.stream()
            .anyMatch(
                setting ->
                    setting.key().name().equals("mem_agent_enable")
                        && setting.value().equals(true));
    if (!enabled) {
      return;
    }
    parameters.add("psi=1");
    parameters.add("agent.mem_agent_enable=1");
    for (Setting setting : memoryAgent) {
      if (!setting.key().name().equals("mem_agent_enable")) {
        Object value = setting.value();
        String text = value instanceof Boolean flag ? (flag ? "1" : "0") : String.valueOf(value);
        parameters.add(
            "agent.mem_agent_" + setting.key().name().toLowerCase(Locale.ROOT) + "=" + text);
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return super.equals(other)
        && other instanceof AgentSection agent
        && values(memoryAgent).equals(values(agent.memoryAgent));
  }

  @Override
  public int hashCode() {
    return 31 * super.hashCode() + values(memoryAgent).hashCode();
  }

  private static List<List<Object>> values(List<Setting> settings) {
    return settings.stream()
        .map(setting -> List.<Object>of(setting.key().name(), setting.value()))
        .toList();
  }
}
