package io.katajava.junit;

import io.katajava.Kata;
import io.katajava.Sandbox;
import io.katajava.spi.Ending;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * The runtime of an outermost test class and what is nested in it. Closed with the class's context,
 * after all sandboxes of ours; what is there then was left behind.
 */
final class ClassRuntime implements AutoCloseable {
  /** A builder in a field may be that of several classes. */
  private static final ReentrantLock BUILDING = new ReentrantLock();

  private final String testClass;
  private final StateDirectories state;
  private final Kata kata;
  private final boolean leftoversFail;

  private ClassRuntime(String testClass, StateDirectories state, Kata kata, boolean leftoversFail) {
    this.testClass = testClass;
    this.state = state;
    this.kata = kata;
    this.leftoversFail = leftoversFail;
  }

  static ClassRuntime of(ExtensionContext context) {
    ExtensionContext outermost = TestContexts.outermost(context);
    return outermost
        .getStore(KataExtension.NAMESPACE)
        .getOrComputeIfAbsent(
            ClassRuntime.class, key -> ClassRuntime.open(outermost), ClassRuntime.class);
  }

  private static ClassRuntime open(ExtensionContext context) {
    Class<?> testClass = context.getRequiredTestClass();
    List<Kata.Builder> given =
        SettingsField.of(testClass).stream().flatMap(field -> field.runtime().stream()).toList();
    if (given.size() > 1) {
      throw new ExtensionConfigurationException(
          testClass.getName() + " has several @KataSettings fields with a Kata.Builder");
    }
    Optional<Path> file = configuration(context);
    if (file.isPresent() && !given.isEmpty() && annotated(context).isPresent()) {
      throw new ExtensionConfigurationException(
          testClass.getName()
              + " has both @Sandboxed(configuration) and a @KataSettings field with a Kata.Builder");
    }
    StateDirectories state = StateDirectories.create();
    BUILDING.lock();
    try {
      Kata.Builder builder = given.isEmpty() ? Kata.builder() : given.get(0);
      if (given.isEmpty()) {
        file.ifPresent(builder::configuration);
      }
      Kata kata = builder.stateDirectory(state.directory()).build();
      return new ClassRuntime(
          testClass.getName(),
          state,
          kata,
          TestSettings.parameter(context, "leftovers", ClassRuntime::leftoversFail).orElse(true));
    } catch (RuntimeException | Error e) {
      state.removeLeftovers();
      throw e;
    } finally {
      BUILDING.unlock();
    }
  }

  private static boolean leftoversFail(String text) {
    return switch (text) {
      case "fail" -> true;
      case "ignore" -> false;
      default -> throw new IllegalArgumentException("it must be fail or ignore");
    };
  }

  private static Optional<String> annotated(ExtensionContext context) {
    return TestContexts.sandboxed(context)
        .map(Sandboxed::configuration)
        .filter(path -> !path.isEmpty());
  }

  private static Optional<Path> configuration(ExtensionContext context) {
    return annotated(context)
        .or(() -> TestSettings.parameter(context, "configuration", Function.identity()))
        .map(Path::of);
  }

  Kata kata() {
    return kata;
  }

  @Override
  public void close() {
    List<String> left = new ArrayList<>();
    for (Sandbox sandbox : kata.sandboxes()) {
      left.add(
          "sandbox "
              + sandbox.id()
              + sandbox.name().map(name -> " (" + name + ")").orElse("")
              + ", started by a test and not closed; hypervisor's process "
              + sandbox.hypervisorPid());
    }
    Ending end = new Ending("the runtime of " + testClass);
    end.step("closing it", kata::close);
    end.step("removing what is left", () -> left.addAll(state.removeLeftovers()));
    if (leftoversFail && !left.isEmpty()) {
      LeftoversError found = new LeftoversError(testClass, left);
      end.addTo(found);
      throw found;
    }
    end.orThrow();
  }
}
