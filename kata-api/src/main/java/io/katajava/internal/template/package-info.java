/** Machines at rest on disk: the store of templates, manifests, digests. Closed. */
@NullMarked
package io.katajava.internal.template;

import org.jspecify.annotations.NullMarked;
