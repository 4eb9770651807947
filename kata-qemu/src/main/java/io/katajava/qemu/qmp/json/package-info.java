/**
 * JSON values as QMP uses them: immutable, with exact 64-bit integers. Begin with {@link
 * io.katajava.qemu.qmp.json.JsonValue#parse}; {@link io.katajava.qemu.qmp.json.JsonCursor} reads a
 * value strictly and names the path of what does not fit.
 */
@NullMarked
package io.katajava.qemu.qmp.json;

import org.jspecify.annotations.NullMarked;
