package io.katajava.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A {@link Test} that may have a sandbox, as {@link Sandboxed} describes. In a class that is not
 * {@link Sandboxed}, and with no {@code kata.junit.lifecycle}, it is a new one.
 */
@Target({ElementType.METHOD, ElementType.ANNOTATION_TYPE})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Test
@ExtendWith(KataExtension.class)
public @interface KataTest {}
