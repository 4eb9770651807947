@NullMarked
package io.katajava.wait;

import org.jspecify.annotations.NullMarked;
