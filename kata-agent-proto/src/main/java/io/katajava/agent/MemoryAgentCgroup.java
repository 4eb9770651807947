package io.katajava.agent;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Settings of the memory agent that reclaims cold pages. Maps to {@code MemAgentMemcgConfig}; an
 * empty value keeps what is set.
 *
 * @param disabled whether it stands still
 * @param swap whether it may swap
 * @param swappinessMax 0 to 200
 * @param periodSeconds between two runs
 * @param periodPressurePercent pressure above which a run is skipped
 * @param evictionPressurePercent pressure above which eviction stops
 * @param evictionMinAgingRuns runs a page must have been cold
 */
public record MemoryAgentCgroup(
    Optional<Boolean> disabled,
    Optional<Boolean> swap,
    OptionalInt swappinessMax,
    OptionalLong periodSeconds,
    OptionalInt periodPressurePercent,
    OptionalInt evictionPressurePercent,
    OptionalLong evictionMinAgingRuns) {}
