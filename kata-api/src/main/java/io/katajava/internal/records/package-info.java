/** Values of this library as text that the next JVM reads. */
@NullMarked
package io.katajava.internal.records;

import org.jspecify.annotations.NullMarked;
