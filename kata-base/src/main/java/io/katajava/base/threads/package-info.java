/** How this library starts its threads: none ends without its owner hearing of it. */
@NullMarked
package io.katajava.base.threads;

import org.jspecify.annotations.NullMarked;
