package io.katajava.agent.oci;

import java.util.List;

/**
 * Hooks by the point at which they run. Maps to the protocol's {@code Hooks}.
 *
 * @param prestart before the process is started, in the guest's namespaces
 * @param createRuntime as prestart, after the namespaces were made
 * @param createContainer in the container's namespaces, before the root is switched
 * @param startContainer in the container, right before the process
 * @param poststart after the process was started
 * @param poststop after the container was removed
 */
public record OciHooks(
    List<OciHook> prestart,
    List<OciHook> createRuntime,
    List<OciHook> createContainer,
    List<OciHook> startContainer,
    List<OciHook> poststart,
    List<OciHook> poststop) {
  /** No hooks. */
  public static final OciHooks NONE =
      new OciHooks(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

  /** Copies the lists. */
  public OciHooks {
    prestart = List.copyOf(prestart);
    createRuntime = List.copyOf(createRuntime);
    createContainer = List.copyOf(createContainer);
    startContainer = List.copyOf(startContainer);
    poststart = List.copyOf(poststart);
    poststop = List.copyOf(poststop);
  }
}
