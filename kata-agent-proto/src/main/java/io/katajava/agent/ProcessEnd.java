package io.katajava.agent;

import java.util.OptionalInt;

/**
 * The end of a process. The protocol's status is 128 + the signal for a process that a signal
 * ended, which an exit code may be as well; our agent says which it was, for others it is assumed.
 *
 * @param status its exit code, or 128 + the signal
 * @param signal the signal that ended it, if one did
 */
public record ProcessEnd(int status, OptionalInt signal) {}
