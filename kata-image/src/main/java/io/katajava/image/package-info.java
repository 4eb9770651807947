/**
 * OCI images: references, a store on disk, registries, and the way from layers to block devices of
 * a guest. Begin with {@link io.katajava.image.ImageStore}.
 */
@NullMarked
package io.katajava.image;

import org.jspecify.annotations.NullMarked;
