/** A sandbox: its states, its containers, its disks and shares, its end. */
@NullMarked
package io.katajava.internal.sandbox;

import org.jspecify.annotations.NullMarked;
