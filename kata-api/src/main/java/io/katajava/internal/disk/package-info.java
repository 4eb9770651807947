/** Images of disks on the host: named ones that stay, and those of one container. */
@NullMarked
package io.katajava.internal.disk;

import org.jspecify.annotations.NullMarked;
