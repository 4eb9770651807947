/** tar archives, as much as copying files needs. */
@NullMarked
package io.katajava.internal.tar;

import org.jspecify.annotations.NullMarked;
