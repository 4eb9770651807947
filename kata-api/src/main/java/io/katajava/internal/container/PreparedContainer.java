package io.katajava.internal.container;

/**
 * A container that runs in a guest already, made before this sandbox was.
 *
 * @param agentId the id the agent has for it
 * @param fingerprint what it was made of, see {@link ContainerPlan#fingerprint}
 */
public record PreparedContainer(String agentId, String fingerprint) {}
