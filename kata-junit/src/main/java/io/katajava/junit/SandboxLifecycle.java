package io.katajava.junit;

/** The lifecycle of a sandbox: which tests share it. */
public enum SandboxLifecycle {
  /**
   * What the configuration parameter {@code kata.junit.lifecycle} says, and without it {@link
   * #PER_CLASS}.
   */
  CONFIGURED,
  /** All tests of the class share one, which is started for the first that wants it. */
  PER_CLASS,
  /** Every test that wants one gets a new one, which ends with it. */
  PER_METHOD,
  /**
   * Every test that wants one gets a copy of the class's sandbox, which {@code @BeforeAll} may have
   * prepared: with its memory, its containers and the processes that run in them. See {@link
   * io.katajava.Sandbox#fork}.
   */
  FORK
}
