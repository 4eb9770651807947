/**
 * An agent without a guest, for tests of whatever talks to one. Begin with {@link
 * io.katajava.agent.testing.FakeAgent#listenIn}.
 */
@NullMarked
package io.katajava.agent.testing;

import org.jspecify.annotations.NullMarked;
