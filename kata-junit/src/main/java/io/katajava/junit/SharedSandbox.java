package io.katajava.junit;

import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;

/** The sandbox that tests of a class share: started once, for the first, or failed for all. */
final class SharedSandbox implements AutoCloseable {
  private final ExtensionContext context;
  private final ReentrantLock lock = new ReentrantLock();
  private final ReentrantLock forking = new ReentrantLock();
  private @Nullable TestSandbox started;
  private @Nullable RuntimeException failure;

  private SharedSandbox(ExtensionContext context) {
    this.context = context;
  }

  static SharedSandbox of(ExtensionContext context) {
    // Closed after it, because it is stored before.
    ClassRuntime.of(context);
    ExtensionContext owner = TestContexts.owner(context);
    return owner
        .getStore(KataExtension.NAMESPACE)
        .getOrComputeIfAbsent(key(owner), any -> new SharedSandbox(owner), SharedSandbox.class);
  }

  /** The one that was started, if any was. */
  static Optional<TestSandbox> known(ExtensionContext context) {
    ExtensionContext owner = TestContexts.owner(context);
    SharedSandbox shared =
        owner.getStore(KataExtension.NAMESPACE).get(key(owner), SharedSandbox.class);
    return shared == null ? Optional.empty() : Optional.ofNullable(shared.started());
  }

  /** A nested class with a sandbox of its own must not find that of the class around it. */
  private static String key(ExtensionContext owner) {
    return SharedSandbox.class.getName() + " " + owner.getUniqueId();
  }

  private @Nullable TestSandbox started() {
    lock.lock();
    try {
      return started;
    } finally {
      lock.unlock();
    }
  }

  TestSandbox get() {
    lock.lock();
    try {
      TestSandbox known = started;
      if (known != null) {
        return known;
      }
      if (failure != null) {
        throw failure;
      }
      TestSandbox made = TestSandbox.start(context);
      started = made;
      return made;
    } catch (RuntimeException e) {
      failure = e;
      throw e;
    } finally {
      lock.unlock();
    }
  }

  /** A copy; one at a time, as the original stands still meanwhile. */
  TestSandbox fork() {
    TestSandbox original = get();
    forking.lock();
    try {
      return original.fork();
    } finally {
      forking.unlock();
    }
  }

  @Override
  public void close() {
    TestSandbox known = started();
    if (known != null) {
      known.close();
    }
  }
}
