/** Tests that boot real guests. */
@NullMarked
package io.katajava.guest;

import org.jspecify.annotations.NullMarked;
