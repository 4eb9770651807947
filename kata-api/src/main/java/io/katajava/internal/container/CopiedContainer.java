package io.katajava.internal.container;

/**
 * A container as a copy of its guest has it.
 *
 * @param plan what it was made of
 * @param agentId the id the agent has for it
 * @param started whether its first process runs
 */
public record CopiedContainer(ContainerPlan plan, String agentId, boolean started) {}
