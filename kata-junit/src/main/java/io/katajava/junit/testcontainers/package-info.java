/**
 * Containers in sandboxes for tests that are written with Testcontainers. Begin with {@link
 * io.katajava.junit.testcontainers.KataContainer}. Needs {@code org.testcontainers:testcontainers},
 * which this module does not bring along, and no Docker.
 */
@NullMarked
package io.katajava.junit.testcontainers;

import org.jspecify.annotations.NullMarked;
