/**
 * A client for the agent inside a Kata Containers guest. Begin with {@link AgentClient#connect} and
 * an {@link AgentAddress}. Every call of the protocol is a method with values of this package and
 * of {@code io.katajava.agent.oci}; wire messages stay inside.
 */
@NullMarked
package io.katajava.agent;

import org.jspecify.annotations.NullMarked;
