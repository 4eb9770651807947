/**
 * The engine behind {@link io.katajava.Kata}, on top of its rooms: birth, sandbox, detached,
 * container, exec, link, cards, run, ledger, each of which knows only those after it. Closed:
 * nothing in them is API. Begin with {@link io.katajava.internal.engine.Engine}.
 */
@NullMarked
package io.katajava.internal.engine;

import org.jspecify.annotations.NullMarked;
