/**
 * Benchmarks, each beside its floor: what the same machine does without this library. Begin with
 * {@link io.katajava.bench.BenchCommand}.
 */
@NullMarked
package io.katajava.bench;

import org.jspecify.annotations.NullMarked;
