@NullMarked
package io.katajava.junit.testcontainers;

import org.jspecify.annotations.NullMarked;
