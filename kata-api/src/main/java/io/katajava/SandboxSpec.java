package io.katajava;

import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a sandbox is made of. Made by {@link SandboxBuilder}.
 *
 * @param name a name for people
 * @param vcpus number of vCPUs; the hypervisor configuration's when absent
 * @param memory guest memory; the hypervisor configuration's when absent
 * @param image root filesystem of the default container, made at the start; when absent the guest's
 *     built-in one, made at the first command
 * @param hostname the containers' host name
 * @param startTimeout how long the whole start may take
 * @param annotations notes of whoever asked for it, in their order
 * @param life how long it lives
 */
public record SandboxSpec(
    Optional<String> name,
    OptionalInt vcpus,
    Optional<MemorySize> memory,
    Optional<String> image,
    String hostname,
    Duration startTimeout,
    Map<String, String> annotations,
    SandboxLife life) {

  /** How long a start may take unless told otherwise; generous, for hosts without KVM. */
  public static final Duration DEFAULT_START_TIMEOUT = Duration.ofMinutes(2);

  /** Copies the annotations. */
  public SandboxSpec {
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }
}
