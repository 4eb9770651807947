/**
 * The OCI runtime specification as the agent protocol carries it: immutable values. Begin with
 * {@link io.katajava.agent.oci.OciSpec}. Names follow the runtime specification 1.x; each type
 * names the protocol's message it maps to.
 */
@NullMarked
package io.katajava.agent.oci;

import org.jspecify.annotations.NullMarked;
