package io.katajava.junit;

import io.katajava.EgressPolicy;
import io.katajava.MemorySize;
import io.katajava.Network;
import io.katajava.SandboxBuilder;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.extension.ExtensionConfigurationException;
import org.junit.jupiter.api.extension.ExtensionContext;

/** What a test's sandbox is to be like, from parameters, annotations and fields. */
final class TestSettings {
  static final String PREFIX = "kata.junit.";

  private TestSettings() {}

  /** Which tests share the sandbox of this one. */
  static SandboxLifecycle lifecycle(ExtensionContext context) {
    if (TestContexts.sandboxedMethod(context).isPresent()) {
      return SandboxLifecycle.PER_METHOD;
    }
    Optional<Sandboxed> annotation = TestContexts.sandboxed(TestContexts.owner(context));
    SandboxLifecycle own = annotation.map(Sandboxed::lifecycle).orElse(SandboxLifecycle.CONFIGURED);
    if (own != SandboxLifecycle.CONFIGURED) {
      return own;
    }
    return parameter(context, "lifecycle", TestSettings::parseLifecycle)
        .orElse(annotation.isPresent() ? SandboxLifecycle.PER_CLASS : SandboxLifecycle.PER_METHOD);
  }

  private static SandboxLifecycle parseLifecycle(String text) {
    SandboxLifecycle lifecycle =
        SandboxLifecycle.valueOf(text.toUpperCase(Locale.ROOT).replace('-', '_'));
    return lifecycle == SandboxLifecycle.CONFIGURED ? SandboxLifecycle.PER_CLASS : lifecycle;
  }

  /**
   * Describes the sandbox.
   *
   * @param context of a class, for the sandbox that its tests share, or of a test
   */
  static void apply(ExtensionContext context, SandboxBuilder sandbox) {
    parameter(context, "image", Function.identity()).ifPresent(sandbox::image);
    parameter(context, "vcpus", Integer::valueOf).ifPresent(sandbox::vcpus);
    parameter(context, "memory", MemorySize::parse).ifPresent(sandbox::memory);
    parameter(context, "start-timeout", text -> Duration.ofSeconds(Long.parseLong(text)))
        .ifPresent(sandbox::startTimeout);
    TestContexts.sandboxed(TestContexts.owner(context)).ifPresent(one -> apply(one, sandbox));
    machines(context).forEach(machine -> machine.accept(sandbox));
    TestContexts.sandboxedMethod(context).ifPresent(one -> apply(one, sandbox));
  }

  private static void apply(Sandboxed annotation, SandboxBuilder sandbox) {
    if (!annotation.image().isEmpty()) {
      sandbox.image(annotation.image());
    }
    if (annotation.vcpus() != 0) {
      sandbox.vcpus(annotation.vcpus());
    }
    if (!annotation.memory().isEmpty()) {
      sandbox.memory(MemorySize.parse(annotation.memory()));
    }
    if (annotation.publish().length > 0) {
      sandbox.network(
          Network.user(n -> n.publish(annotation.publish()).egress(EgressPolicy.denyAll())));
    }
  }

  /** What fields say, the outer classes' first. */
  private static List<Consumer<SandboxBuilder>> machines(ExtensionContext context) {
    List<ExtensionContext> classes = new ArrayList<>(TestContexts.classes(context));
    Collections.reverse(classes);
    return classes.stream()
        .flatMap(one -> SettingsField.of(one.getRequiredTestClass()).stream())
        .flatMap(field -> field.machine().stream())
        .toList();
  }

  /** A configuration parameter of the platform, which may be a system property, too. */
  static <T> Optional<T> parameter(
      ExtensionContext context, String name, Function<String, T> parser) {
    return context
        .getConfigurationParameter(PREFIX + name)
        .map(String::strip)
        .filter(text -> !text.isEmpty())
        .map(
            text -> {
              try {
                return parser.apply(text);
              } catch (IllegalArgumentException e) {
                throw new ExtensionConfigurationException(
                    PREFIX + name + " = " + text + " is not a valid value: " + e.getMessage(), e);
              }
            });
  }
}
