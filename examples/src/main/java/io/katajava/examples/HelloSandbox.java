package io.katajava.examples;

import io.katajava.Kata;
import io.katajava.Sandbox;

/** The three statements of the README. */
public final class HelloSandbox {
  private HelloSandbox() {}

  /**
   * Prints what the guest says of itself.
   *
   * @param arguments none
   */
  public static void main(String[] arguments) {
    try (Kata kata = Kata.create();
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      System.out.print(sandbox.exec("uname", "-a").stdoutText());
    }
  }
}
