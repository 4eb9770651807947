/**
 * Sandboxes for JUnit 5 tests. Begin with {@link io.katajava.junit.Sandboxed} on a test class; its
 * methods may then have parameters of the types {@link io.katajava.Sandbox}, {@link
 * io.katajava.Container} and {@link io.katajava.Kata}.
 */
@NullMarked
package io.katajava.junit;

import org.jspecify.annotations.NullMarked;
