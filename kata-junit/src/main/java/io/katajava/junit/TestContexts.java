package io.katajava.junit;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** The contexts of the classes around a test. */
final class TestContexts {
  private TestContexts() {}

  /** From the innermost class to the outermost; there is at least one. */
  static List<ExtensionContext> classes(ExtensionContext context) {
    List<ExtensionContext> classes = new ArrayList<>();
    for (Optional<ExtensionContext> one = Optional.of(context);
        one.isPresent();
        one = one.get().getParent()) {
      if (one.get().getTestClass().isPresent() && one.get().getTestMethod().isEmpty()) {
        classes.add(one.get());
      }
    }
    return classes;
  }

  static ExtensionContext outermost(ExtensionContext context) {
    List<ExtensionContext> classes = classes(context);
    return classes.get(classes.size() - 1);
  }

  /** The innermost class that is {@link Sandboxed}; the outermost class when none is. */
  static ExtensionContext owner(ExtensionContext context) {
    return classes(context).stream()
        .filter(one -> sandboxed(one).isPresent())
        .findFirst()
        .orElseGet(() -> outermost(context));
  }

  /** The annotation of a class, inherited ones included. */
  static Optional<Sandboxed> sandboxed(ExtensionContext classContext) {
    return AnnotationSupport.findAnnotation(classContext.getRequiredTestClass(), Sandboxed.class);
  }

  /** The annotation of the test's method. */
  static Optional<Sandboxed> sandboxedMethod(ExtensionContext context) {
    return AnnotationSupport.findAnnotation(context.getTestMethod(), Sandboxed.class);
  }
}
