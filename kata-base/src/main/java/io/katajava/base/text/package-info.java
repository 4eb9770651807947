/** Text of an untrusted origin: what a guest, QEMU, a registry or a file name says. */
@NullMarked
package io.katajava.base.text;

import org.jspecify.annotations.NullMarked;
