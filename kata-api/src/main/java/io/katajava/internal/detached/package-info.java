/** What outlives a JVM of a detached sandbox, and the hold one JVM has on it. */
@NullMarked
package io.katajava.internal.detached;

import org.jspecify.annotations.NullMarked;
