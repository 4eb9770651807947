/**
 * ttRPC, the small RPC protocol of containerd and Kata Containers, client and server, usable alone.
 * Begin with {@link TtrpcClient#over} on an open {@link io.katajava.transport.Connection}, or with
 * {@link TtrpcServer#builder}. Payloads are bytes: which encoding they have is the caller's
 * business.
 */
@NullMarked
package io.katajava.agent.ttrpc;

import org.jspecify.annotations.NullMarked;
