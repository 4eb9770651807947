/** Shared by the extension and the containers for Testcontainers; not for use from outside. */
@NullMarked
package io.katajava.junit.internal;

import org.jspecify.annotations.NullMarked;
