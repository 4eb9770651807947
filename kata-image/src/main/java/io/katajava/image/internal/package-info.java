/** Behind {@code io.katajava.image}: not for others. */
@NullMarked
package io.katajava.image.internal;

import org.jspecify.annotations.NullMarked;
