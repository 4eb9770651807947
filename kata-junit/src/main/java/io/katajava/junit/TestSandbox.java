package io.katajava.junit;

import io.katajava.Container;
import io.katajava.ContainerLog;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import io.katajava.SandboxEvent;
import io.katajava.junit.internal.SandboxEvidence;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.extension.ExtensionContext;

/** A sandbox of ours, and what it has to say when a test fails. */
final class TestSandbox implements AutoCloseable {
  private final Sandbox sandbox;

  /** Logs outlive their containers: those are often closed before the failure is known. */
  private final Map<String, ContainerLog> logs = new ConcurrentSkipListMap<>();

  private TestSandbox(Sandbox sandbox) {
    this.sandbox = sandbox;
    sandbox.onEvent(
        event -> {
          if (event instanceof SandboxEvent.ContainerStarted started) {
            noteLogs(started.container());
          }
        });
  }

  /** Starts it as the context's annotations, fields and parameters say. */
  static TestSandbox start(ExtensionContext context) {
    SandboxBuilder builder = ClassRuntime.of(context).kata().sandbox();
    TestSettings.apply(context, builder);
    return new TestSandbox(builder.start());
  }

  /** Copies a sandbox as it is now. */
  TestSandbox fork() {
    return new TestSandbox(sandbox.fork(1).get(0));
  }

  Sandbox sandbox() {
    return sandbox;
  }

  private void noteLogs(String name) {
    sandbox.containers().stream()
        .filter(container -> container.name().equals(name))
        .findFirst()
        .flatMap(TestSandbox::log)
        .ifPresent(log -> logs.put(name, log));
  }

  private static Optional<ContainerLog> log(Container container) {
    try {
      return Optional.of(container.log());
    } catch (IllegalStateException e) {
      return Optional.empty();
    }
  }

  /** What there is to tell, by what it is. */
  Map<String, String> evidence() {
    sandbox.containers().forEach(container -> noteLogs(container.name()));
    return SandboxEvidence.of(sandbox, logs);
  }

  @Override
  public void close() {
    sandbox.close();
  }
}
