package hello;

import io.katajava.Kata;
import io.katajava.Sandbox;

public final class Hello {
  public static void main(String[] arguments) {
    try (Kata kata = Kata.create();
        Sandbox sandbox = kata.sandbox().start()) {
      System.out.print(sandbox.exec("uname", "-a").stdoutText());
    }
  }
}
