@NullMarked
package io.katajava.image.internal;

import org.jspecify.annotations.NullMarked;
