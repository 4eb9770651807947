/** A sandbox's network cards, and what they need on the host. */
@NullMarked
package io.katajava.internal.cards;

import org.jspecify.annotations.NullMarked;
