/** The host check's own checks. Begin with {@link io.katajava.internal.host.HostRun}. */
@NullMarked
package io.katajava.internal.host;

import org.jspecify.annotations.NullMarked;
