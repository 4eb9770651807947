/** Tests of configurations. */
@NullMarked
package io.katajava.config;

import org.jspecify.annotations.NullMarked;
