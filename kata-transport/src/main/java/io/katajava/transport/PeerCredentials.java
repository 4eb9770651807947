package io.katajava.transport;

/**
 * The process at the other end of a unix socket, as the kernel recorded it when the connection was
 * made ({@code SO_PEERCRED}, unix(7)).
 *
 * @param pid process id
 * @param uid effective user id
 * @param gid effective group id
 */
public record PeerCredentials(int pid, int uid, int gid) {}
