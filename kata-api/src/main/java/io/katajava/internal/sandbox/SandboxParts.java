package io.katajava.internal.sandbox;

import io.katajava.Birth;
import io.katajava.Choice;
import io.katajava.SandboxSpec;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.container.RootfsSources;
import io.katajava.internal.detached.Detachment;
import io.katajava.internal.link.AgentLink;
import io.katajava.internal.run.Workers;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmSpec;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a sandbox is put together from.
 *
 * @param spec what was asked for
 * @param vmSpec what its machine was asked for
 * @param vm its machine
 * @param link the way to its agent
 * @param connections its networks
 * @param rootfs where its containers' root filesystems come from
 * @param choices what the hypervisor decided
 * @param detachment this JVM's hold on it, if it outlives the JVM
 * @param workers the engine's threads
 * @param birth how it was made
 * @param copying is told why a directory is copied that could have been shared
 */
public record SandboxParts(
    SandboxSpec spec,
    VmSpec vmSpec,
    VirtualMachine vm,
    AgentLink link,
    SandboxConnections connections,
    RootfsSources rootfs,
    List<Choice> choices,
    @Nullable Detachment detachment,
    Workers workers,
    Birth birth,
    Consumer<String> copying) {}
