package io.katajava;

/**
 * A pool's counters.
 *
 * @param idle sandboxes that can be borrowed now
 * @param starting sandboxes on the way
 * @param lent sandboxes borrowed and not ended
 * @param started sandboxes started so far, those for borrowers included
 * @param borrowed how often one was borrowed
 * @param waited how often a borrower had to wait
 * @param refused how often a borrower got none
 * @param discarded idle ones that were thrown away: too old, not healthy, ended by themselves
 * @param failedStarts starts that failed
 */
public record PoolStatistics(
    int idle,
    int starting,
    int lent,
    long started,
    long borrowed,
    long waited,
    long refused,
    long discarded,
    long failedStarts) {}
