@NullMarked
package io.katajava.junit;

import org.jspecify.annotations.NullMarked;
