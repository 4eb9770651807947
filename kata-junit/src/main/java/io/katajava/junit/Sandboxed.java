package io.katajava.junit;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Lets tests have a sandbox, by parameters of their methods, of lifecycle methods and of the
 * constructor:
 *
 * <pre>{@code
 * @Sandboxed(publish = 8080)
 * class ServerTest {
 *   @Test
 *   void answers(Sandbox sandbox) {
 *     assertEquals(0, sandbox.exec("true").exitCode());
 *   }
 * }
 * }</pre>
 *
 * <p>A {@link io.katajava.Sandbox} is started when the first parameter wants one; a {@link
 * io.katajava.Container} is its default container; {@link io.katajava.Kata} is the runtime of the
 * test class. None of them is to be closed by the test. On a method it means that this test has a
 * sandbox of its own; what it leaves at its default is then the class's.
 *
 * <p>What is set here counts more than the configuration parameters {@code kata.junit.*}, and less
 * than a {@link KataSettings} field.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Inherited
@ExtendWith(KataExtension.class)
public @interface Sandboxed {

  /**
   * Which tests share a sandbox. On a method {@link SandboxLifecycle#PER_METHOD} whatever is said
   * here.
   *
   * @return the lifecycle
   */
  SandboxLifecycle lifecycle() default SandboxLifecycle.CONFIGURED;

  /**
   * The root filesystem of the default container. Parameter: {@code kata.junit.image}.
   *
   * @return a reference; empty for the guest's built-in one
   */
  String image() default "";

  /**
   * The number of vCPUs. Parameter: {@code kata.junit.vcpus}.
   *
   * @return 0 for the hypervisor configuration's
   */
  int vcpus() default 0;

  /**
   * The guest's memory. Parameter: {@code kata.junit.memory}.
   *
   * @return as {@link io.katajava.MemorySize#parse} reads it, such as {@code 512 MiB}; empty for
   *     the hypervisor configuration's
   */
  String memory() default "";

  /**
   * TCP ports of the guest that are published on the host; see {@link
   * io.katajava.Sandbox#mappedPort}. With some, the sandbox has a user network that reaches nothing
   * outside.
   *
   * @return ports in the guest
   */
  int[] publish() default {};

  /**
   * A configuration file of Kata, which needs {@code io.katajava:kata-config}. For all tests of an
   * outermost class. Parameter: {@code kata.junit.configuration}.
   *
   * @return a path; empty for none
   */
  String configuration() default "";
}
