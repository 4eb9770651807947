package io.katajava.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * A static field of a test class, of its superclasses or of the classes around it, that settles
 * what {@link Sandboxed} has no word for:
 *
 * <pre>{@code
 * @KataSettings
 * static final Kata.Builder RUNTIME = Kata.builder().hypervisor(qemu);
 *
 * @KataSettings
 * static final Consumer<SandboxBuilder> MACHINE = sandbox -> sandbox.hostname("db");
 * }</pre>
 *
 * <p>A {@link io.katajava.Kata.Builder} makes the runtime of the class; its state directory is
 * replaced. A {@code Consumer<SandboxBuilder>} is applied to every sandbox of the class, those of
 * the classes around it first, and counts more than {@link Sandboxed} on the class.
 */
@Target(ElementType.FIELD)
@Retention(RetentionPolicy.RUNTIME)
@Documented
public @interface KataSettings {}
