package io.katajava.internal.pool;

import io.katajava.BorrowPolicy;
import io.katajava.Sandbox;
import java.time.Duration;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * What the builder says.
 *
 * @param start starts one sandbox
 * @param minimumIdle how many shall be idle
 * @param maximum how many there may be
 * @param refillConcurrency how many are started at once
 * @param maximumAge after which an idle one is replaced
 * @param healthInterval how often the idle ones are checked
 * @param borrowTimeout the longest wait of a borrower
 * @param whenEmpty what a borrower gets when none is idle
 * @param healthCheck whether an idle one is fit
 * @param warmUp what is done before one can be borrowed
 */
public record PoolSettings(
    Supplier<Sandbox> start,
    int minimumIdle,
    int maximum,
    int refillConcurrency,
    Duration maximumAge,
    Duration healthInterval,
    Duration borrowTimeout,
    BorrowPolicy whenEmpty,
    Predicate<Sandbox> healthCheck,
    Consumer<Sandbox> warmUp) {}
