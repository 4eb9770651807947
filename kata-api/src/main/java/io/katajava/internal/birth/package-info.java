/** The ways a sandbox is born: booted, made of a template, a copy or a snapshot, or attached to. */
@NullMarked
package io.katajava.internal.birth;

import org.jspecify.annotations.NullMarked;
