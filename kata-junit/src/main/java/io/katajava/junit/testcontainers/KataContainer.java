package io.katajava.junit.testcontainers;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerStatus.State;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Sandbox;
import io.katajava.junit.internal.SandboxEvidence;
import io.katajava.spi.Ending;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
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
   * @throws IllegalStateException when what it depends on depends on it, or another container of
   *     its network exposes one of its ports
   */
  @Override
  public void start() {
    lock.lock();
    try {
      if (container != null) {
        return;
      }
      startDependencies();
      configure();
      container = startAttempts();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Is called by {@link #start} before anything of this container is made, for subclasses that know
   * their settings only then. Default: nothing.
   */
  protected void configure() {}

  /**
   * Is called when the container was made and its files were copied, before its first process
   * begins. Default: nothing.
   *
   * @param containerId its id for the guest's agent
   */
  protected void containerIsCreated(String containerId) {}

  private void startDependencies() {
    Set<Startable> first = getDependencies();
    if (first.isEmpty()) {
      return;
    }
    try {
      Startables.deepStart(first).get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(
          ErrorCode.INTERRUPTED,
          "interrupted while the dependencies of " + label() + " were started",
          Details.none().withCause(e));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException failure) {
        throw failure;
      }
      if (e.getCause() instanceof Error failure) {
        throw failure;
      }
      throw new IllegalStateException(
          "the dependencies of " + label() + " could not be started", e);
    }
  }

  private Container startAttempts() {
    List<KataException> before = new ArrayList<>();
    for (int attempt = 1; ; attempt++) {
      try {
        return startOnce();
      } catch (KataException e) {
        if (attempt >= getStartupAttempts() || e.code() == ErrorCode.INTERRUPTED) {
          before.forEach(e::addSuppressed);
          throw e;
        }
        before.add(e);
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
      containerIsCreated(made.id());
      made.start();
      getLogConsumers()
          .forEach(consumer -> OutputFrames.follow(made.log(), consumer, OutputFrames.BOTH));
      boolean shared = network().map(all -> all.hasOthersThan(this)).orElse(false);
      checks(shared).forEach(made::waitUntil);
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
    if (running == null) {
      return false;
    }
    State state = running.status().state();
    // One that stands still runs, as for Docker.
    return state == State.RUNNING || state == State.PAUSED;
  }

  @Override
  public boolean isCreated() {
    return container != null;
  }

  @Override
  public Integer getMappedPort(int originalPort) {
    Sandbox sandbox = container().sandbox();
    network().ifPresent(shared -> shared.requireMayAsk(this, originalPort));
    return sandbox.mappedPort(originalPort);
  }

  /** How it is called in messages. */
  String label() {
    return name + " (" + getDockerImageName() + ")";
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
