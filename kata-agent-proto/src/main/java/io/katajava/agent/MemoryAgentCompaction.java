package io.katajava.agent;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Settings of the memory agent that compacts free memory. Maps to {@code MemAgentCompactConfig}; an
 * empty value keeps what is set.
 *
 * @param disabled whether it stands still
 * @param periodSeconds between two runs
 * @param periodPressurePercent pressure above which a run is skipped
 * @param pressurePercent pressure above which a run stops
 * @param maxSeconds longest run
 * @param order of the pages wanted
 * @param threshold pages that must have been freed for a run to begin
 * @param forceTimes skipped runs after which one is forced
 */
public record MemoryAgentCompaction(
    Optional<Boolean> disabled,
    OptionalLong periodSeconds,
    OptionalInt periodPressurePercent,
    OptionalInt pressurePercent,
    OptionalLong maxSeconds,
    OptionalInt order,
    OptionalLong threshold,
    OptionalLong forceTimes) {}
