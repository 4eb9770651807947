package io.katajava.junit.testcontainers;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerStatus;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.junit.internal.SandboxEvidence;
import io.katajava.spi.Ending;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.testcontainers.lifecycle.Startable;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.lifecycle.TestDescription;
import org.testcontainers.lifecycle.TestLifecycleAware;
import org.testcontainers.utility.DockerImageName;

/**
 * A container in a virtual machine of its own, for tests that are written with Testcontainers, with
 * the names of its {@code GenericContainer}:
 *
 * <pre>{@code
 * @Testcontainers
 * class ServerTest {
 *   @Container
 *   static final KataContainer SERVER =
 *       new KataContainer("busybox")
 *           .withCommand("httpd", "-f", "-p", "8080")
 *           .withExposedPorts(8080)
 *           .waitingFor(Wait.forListeningPort(8080));
 * }
 * }</pre>
 *
 * <p>The {@code Wait} is {@link io.katajava.wait.Wait}. When a test fails, what the sandbox of a
 * container in an instance field says is a suppressed exception of the failure. Settings are made
 * by one thread, before the start.
 */
public non-sealed class KataContainer extends StartSettings<KataContainer>
    implements StartedContainer, Startable, TestLifecycleAware {
  private static final AtomicInteger COUNT = new AtomicInteger();

  private final String name = "container-" + COUNT.incrementAndGet();
  private final ReentrantLock lock = new ReentrantLock();
  private volatile @Nullable Container container;

  /** A container on the guest's own root filesystem, which has busybox. */
  public KataContainer() {
    this("busybox");
  }

  /**
   * A container of this image.
   *
   * @param image a reference, as {@link ContainerBuilder#image} knows it
   */
  public KataContainer(String image) {
    super(image);
  }

  /**
   * A container of this image.
   *
   * @param image a name in Testcontainers' form
   */
  public KataContainer(DockerImageName image) {
    this(image.asCanonicalNameString());
  }

  @Override
  KataContainer self() {
    return this;
  }

  /**
   * Starts what it depends on, the sandbox and the container, and waits until it is ready. One that
   * runs is no error.
   *
   * @throws KataException when it cannot be started or does not become ready; nothing of it is left
   */
  @Override
  public void start() {
    lock.lock();
    try {
      if (container != null) {
        return;
      }
      Startables.deepStart(getDependencies()).join();
      container = startAttempts();
    } finally {
      lock.unlock();
    }
  }

  private Container startAttempts() {
    for (int attempt = 1; ; attempt++) {
      try {
        return startOnce();
      } catch (KataException e) {
        if (attempt >= startupAttempts()) {
          throw e;
        }
      }
    }
  }

  private Container startOnce() {
    Sandbox sandbox =
        network().map(shared -> shared.join(this)).orElseGet(() -> ownSandbox().start());
    try {
      return startIn(sandbox);
    } catch (RuntimeException | Error e) {
      new Ending("the start").step("leaving its sandbox", () -> leave(sandbox)).addTo(e);
      throw e;
    }
  }

  private Container startIn(Sandbox sandbox) {
    ContainerBuilder builder = sandbox.container(name);
    describe(builder);
    Container made = builder.create();
    try {
      copyInto(made);
      made.start();
      logConsumers()
          .forEach(consumer -> OutputFrames.follow(made.log(), consumer, OutputFrames.BOTH));
      readiness().ifPresent(made::waitUntil);
      return made;
    } catch (RuntimeException | Error e) {
      new Ending("the start").step("closing the container", made::close).addTo(e);
      throw e;
    }
  }

  private void leave(Sandbox sandbox) {
    network().ifPresentOrElse(shared -> shared.leave(this), sandbox::close);
  }

  /** Ends the container and its sandbox, unless others of its network run there. Idempotent. */
  @Override
  public void stop() {
    lock.lock();
    try {
      Container running = container;
      if (running != null) {
        container = null;
        new Ending("the container of " + getDockerImageName())
            .step("closing it", running::close)
            .step("leaving its sandbox", () -> leave(running.sandbox()))
            .orThrow();
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Container container() {
    Container running = container;
    if (running == null) {
      throw new IllegalStateException(
          "the container of " + getDockerImageName() + " has not been started");
    }
    return running;
  }

  @Override
  public boolean isRunning() {
    Container running = container;
    return running != null && running.status().state() == ContainerStatus.State.RUNNING;
  }

  @Override
  public void afterTest(TestDescription description, Optional<Throwable> failure) {
    Container running = container;
    if (failure.isPresent() && running != null) {
      failure
          .get()
          .addSuppressed(
              new SandboxEvidence(
                  SandboxEvidence.of(running.sandbox(), Map.of(name, running.log()))));
    }
  }

  @Override
  public String toString() {
    Container running = container;
    return "KataContainer["
        + getDockerImageName()
        + (running == null ? ", not started]" : ", " + running + "]");
  }
}
