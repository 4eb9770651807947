package io.katajava.spi;

import io.katajava.Choice;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The files that a machine boots, and what is needed to reach its agent.
 *
 * @param kernel the kernel image on the host
 * @param initrd the initrd on the host, when the guest has one
 * @param kernelParameters what the guest needs on the kernel's command line, in order
 * @param agentPort name of the virtio-serial port on which the agent answers
 * @param rootfs root filesystems the guest brings along: name to directory in the guest
 * @param pause path in the guest of a static program that waits, reaping orphans, until it is
 *     killed: the first process of a container that only executes commands
 * @param modules kernel modules that are not in the initrd, as files of the host in the order they
 *     are loaded, by the filesystem they bring; a sandbox copies them in when it first needs them
 * @param key identifies the content: equal keys, equal guests
 * @param choices what was chosen and why
 */
public record GuestAssets(
    Path kernel,
    Optional<Path> initrd,
    List<String> kernelParameters,
    String agentPort,
    Map<String, String> rootfs,
    Optional<String> pause,
    Map<String, List<Path>> modules,
    String key,
    List<Choice> choices) {

  /** The port name our own agent listens on. */
  public static final String DEFAULT_AGENT_PORT = "io.katajava.agent.0";

  /** Copies the collections. */
  public GuestAssets {
    kernelParameters = List.copyOf(kernelParameters);
    rootfs = Map.copyOf(rootfs);
    modules = Map.copyOf(modules);
    choices = List.copyOf(choices);
  }

  /**
   * The same guest with other kernel parameters.
   *
   * @param parameters replace those there are
   * @return a guest
   */
  public GuestAssets withKernelParameters(List<String> parameters) {
    return new GuestAssets(
        kernel, initrd, parameters, agentPort, rootfs, pause, modules, key, choices);
  }

  /**
   * A guest from a kernel and an initrd, with our agent in it.
   *
   * @param kernel the kernel image
   * @param initrd the initrd, or null
   * @param key identifies the content
   * @return the assets, without kernel parameters, root filesystems and choices
   */
  public static GuestAssets of(Path kernel, @Nullable Path initrd, String key) {
    return new GuestAssets(
        kernel,
        Optional.ofNullable(initrd),
        List.of(),
        DEFAULT_AGENT_PORT,
        Map.of(),
        Optional.empty(),
        Map.of(),
        key,
        List.of());
  }
}
