/** How the configuration is read, checked, written and mapped. Closed: nothing here is API. */
@NullMarked
package io.katajava.config.internal;

import org.jspecify.annotations.NullMarked;
