/** Names made of longer ones. */
@NullMarked
package io.katajava.base.hash;

import org.jspecify.annotations.NullMarked;
