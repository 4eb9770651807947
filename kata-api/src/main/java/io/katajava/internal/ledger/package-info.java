/** The record on disk of what is running, and the sweep of what was left behind. */
@NullMarked
package io.katajava.internal.ledger;

import org.jspecify.annotations.NullMarked;
