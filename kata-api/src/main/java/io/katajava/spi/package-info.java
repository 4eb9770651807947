/**
 * What stands behind the API: hypervisors, guests and root filesystems.
 *
 * <p>Implementations are found with {@link java.util.ServiceLoader} or handed to {@link
 * io.katajava.Kata.Builder}. Begin with {@link io.katajava.spi.Hypervisor}.
 */
@NullMarked
package io.katajava.spi;

import org.jspecify.annotations.NullMarked;
