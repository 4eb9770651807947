@NullMarked
package io.katajava.compress;

import org.jspecify.annotations.NullMarked;
