/**
 * Sandboxes that are real virtual machines, from the JVM.
 *
 * <p>Start with {@link io.katajava.Kata#create()}: it finds a hypervisor and a guest on the class
 * path, {@link io.katajava.Kata#sandbox()} describes a sandbox, and {@link
 * io.katajava.Sandbox#exec(String...)} runs a command in it. Every handle is {@link
 * java.lang.AutoCloseable}; values are immutable; failures are {@link io.katajava.KataException}s.
 */
@NullMarked
package io.katajava;

import org.jspecify.annotations.NullMarked;
