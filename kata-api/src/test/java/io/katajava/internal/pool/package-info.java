@NullMarked
package io.katajava.internal.pool;

import org.jspecify.annotations.NullMarked;
