/**
 * Writes the typed QMP vocabulary from the schema data, when the module is built. Begin with {@link
 * io.katajava.qmp.generator.Generator}.
 */
@NullMarked
package io.katajava.qmp.generator;

import org.jspecify.annotations.NullMarked;
