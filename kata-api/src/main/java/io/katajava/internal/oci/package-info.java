/** Profiles and formats of the OCI runtime specification. */
@NullMarked
package io.katajava.internal.oci;

import org.jspecify.annotations.NullMarked;
