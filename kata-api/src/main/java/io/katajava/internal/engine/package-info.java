/**
 * The engine behind {@link io.katajava.Kata}: starts, ledger, executions. Closed: nothing here is
 * API. Begin with {@link io.katajava.internal.engine.Engine}.
 */
@NullMarked
package io.katajava.internal.engine;

import org.jspecify.annotations.NullMarked;
