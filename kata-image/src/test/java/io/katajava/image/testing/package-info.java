/** Images for tests, made of nothing but bytes. */
@org.jspecify.annotations.NullMarked
package io.katajava.image.testing;
