/** Files of the host. */
@NullMarked
package io.katajava.base.files;

import org.jspecify.annotations.NullMarked;
