package io.katajava.junit;

import io.katajava.Container;
import io.katajava.Kata;
import io.katajava.Sandbox;
import io.katajava.SandboxStartException;
import io.katajava.junit.internal.SandboxEvidence;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.LifecycleMethodExecutionExceptionHandler;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolutionException;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.opentest4j.TestAbortedException;

/**
 * The JUnit extension that gives tests their sandboxes; registered by {@link Sandboxed} and {@link
 * KataTest}. When a test fails, the phases of the start, the end of the guest's console and the
 * kept logs of containers become report entries, and a suppressed exception of the failure.
 */
public final class KataExtension
    implements ParameterResolver, AfterEachCallback, LifecycleMethodExecutionExceptionHandler {
  static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(KataExtension.class);

  /** Made by JUnit. */
  public KataExtension() {}

  /** The test's context for constructors, too: a test with a sandbox of its own has it there. */
  @Override
  public ExtensionContextScope getTestInstantiationExtensionContextScope(ExtensionContext root) {
    return ExtensionContextScope.TEST_METHOD;
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == Sandbox.class || type == Container.class || type == Kata.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    if (type == Kata.class) {
      return ClassRuntime.of(context).kata();
    }
    Sandbox sandbox = sandboxFor(context).sandbox();
    return type == Sandbox.class ? sandbox : sandbox.defaultContainer();
  }

  private static TestSandbox sandboxFor(ExtensionContext context) {
    SandboxLifecycle lifecycle = TestSettings.lifecycle(context);
    boolean inTest = context.getTestMethod().isPresent();
    if (lifecycle == SandboxLifecycle.PER_METHOD && !inTest) {
      throw new ParameterResolutionException(
          "every test of "
              + context.getRequiredTestClass().getName()
              + " has a sandbox of its own, but no test runs yet; take it as a parameter of a"
              + " test, of @BeforeEach or @AfterEach, or set @Sandboxed(lifecycle = PER_CLASS)");
    }
    try {
      return lifecycle == SandboxLifecycle.PER_CLASS || !inTest
          ? SharedSandbox.of(context).get()
          : own(context, lifecycle);
    } catch (SandboxStartException e) {
      if (e.getSuppressed().length == 0) {
        e.addSuppressed(new SandboxEvidence(e.report()));
      }
      context.publishReportEntry("kata.start", e.report());
      throw e;
    }
  }

  private static TestSandbox own(ExtensionContext context, SandboxLifecycle lifecycle) {
    // Closed after it, because it is stored before.
    ClassRuntime.of(context);
    return context
        .getStore(NAMESPACE)
        .getOrComputeIfAbsent(
            TestSandbox.class,
            key ->
                lifecycle == SandboxLifecycle.FORK
                    ? SharedSandbox.of(context).fork()
                    : TestSandbox.start(context),
            TestSandbox.class);
  }

  @Override
  public void afterEach(ExtensionContext context) {
    context.getExecutionException().ifPresent(failure -> tell(context, failure));
  }

  @Override
  public void handleBeforeAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    tell(context, failure);
    throw failure;
  }

  @Override
  public void handleAfterAllMethodExecutionException(ExtensionContext context, Throwable failure)
      throws Throwable {
    tell(context, failure);
    throw failure;
  }

  private static void tell(ExtensionContext context, Throwable failure) {
    if (failure instanceof TestAbortedException) {
      return;
    }
    Optional.ofNullable(context.getStore(NAMESPACE).get(TestSandbox.class, TestSandbox.class))
        .or(() -> SharedSandbox.known(context))
        .ifPresent(
            sandbox -> {
              Map<String, String> evidence = sandbox.evidence();
              context.publishReportEntry(evidence);
              failure.addSuppressed(new SandboxEvidence(evidence));
            });
  }
}
