/** How a runtime is watched: observers, flight recorder, figures, the context of log lines. */
@NullMarked
package io.katajava.internal.observe;

import org.jspecify.annotations.NullMarked;
