package io.katajava.agent;

/**
 * The version of an agent.
 *
 * @param agentVersion of the program, such as {@code 4.1.0}
 * @param protocolVersion of the protocol ({@code grpc_version}), such as {@code 0.0.1}
 */
public record AgentVersion(String agentVersion, String protocolVersion) {}
