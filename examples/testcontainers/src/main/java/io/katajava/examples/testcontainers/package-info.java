/** A program whose test starts the service that it talks to. */
@NullMarked
package io.katajava.examples.testcontainers;

import org.jspecify.annotations.NullMarked;
