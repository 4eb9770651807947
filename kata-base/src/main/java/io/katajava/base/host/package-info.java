/** Programs of the host. */
@NullMarked
package io.katajava.base.host;

import org.jspecify.annotations.NullMarked;
