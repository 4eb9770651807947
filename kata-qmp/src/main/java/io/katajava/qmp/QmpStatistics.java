package io.katajava.qmp;

/**
 * Counters of a session so far.
 *
 * @param commands commands sent
 * @param replies replies matched to a command that waited for it
 * @param lateReplies replies dropped because their command had timed out
 * @param unknownReplies replies dropped because no command had that id
 * @param events events received
 */
public record QmpStatistics(
    long commands, long replies, long lateReplies, long unknownReplies, long events) {}
