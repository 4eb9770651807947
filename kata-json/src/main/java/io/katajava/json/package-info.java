/**
 * JSON values as QMP uses them: immutable, with exact 64-bit integers. Begin with {@link
 * io.katajava.json.JsonValue#parse}; {@link io.katajava.json.JsonCursor} reads a value strictly and
 * names the path of what does not fit.
 */
@NullMarked
package io.katajava.json;

import org.jspecify.annotations.NullMarked;
