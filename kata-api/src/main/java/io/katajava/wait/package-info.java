/**
 * Waiting until what runs in a container is ready. Begin with {@link io.katajava.wait.Wait}, and
 * give what it makes to {@link io.katajava.ContainerBuilder#waitingFor} or {@link
 * io.katajava.Container#waitUntil}.
 */
@NullMarked
package io.katajava.wait;

import org.jspecify.annotations.NullMarked;
