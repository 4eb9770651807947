/** The way to the guest's agent, and what is known of both. */
@NullMarked
package io.katajava.internal.link;

import org.jspecify.annotations.NullMarked;
