package io.katajava.agent.oci;

/**
 * The root filesystem. Maps to the protocol's {@code Root}.
 *
 * @param path its path in the guest
 * @param readonly whether it is mounted read-only
 */
public record OciRoot(String path, boolean readonly) {}
