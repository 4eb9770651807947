/**
 * Makes the documentation site of the Markdown under {@code docs/}. Begin with {@link SiteBuilder}.
 */
@NullMarked
package io.katajava.docs;

import org.jspecify.annotations.NullMarked;
