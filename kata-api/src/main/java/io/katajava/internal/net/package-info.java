/**
 * A network for one guest, made of the JVM's own sockets: frames come and go over a unix socket of
 * the hypervisor, TCP and UDP end here, and every way out is asked about first. Begin with {@link
 * io.katajava.internal.net.UserNetwork}.
 */
@NullMarked
package io.katajava.internal.net;

import org.jspecify.annotations.NullMarked;
