package io.katajava.sdk;

import io.katajava.BirthPolicy;
import io.katajava.Kata;
import io.katajava.Sandbox;
import io.katajava.TemplateSettings;
import java.nio.file.Path;
import java.util.List;

/**
 * A program that builds a template, or forks a sandbox over and over, to be killed meanwhile.
 * Arguments: state directory, store, {@code build} or {@code fork}. Prints {@code begins}.
 */
final class BirthVictim {
  private BirthVictim() {}

  public static void main(String[] arguments) {
    Kata kata =
        Kata.builder()
            .stateDirectory(Path.of(arguments[0]))
            .templates(TemplateSettings.defaults().in(Path.of(arguments[1])))
            .build();
    if (arguments[2].equals("build")) {
      begins();
      while (true) {
        kata.templates().remove(kata.templates().build(kata.sandbox().spec()).id());
      }
    }
    Sandbox parent = kata.sandbox().birth(BirthPolicy.COLD).image("busybox").start();
    begins();
    while (true) {
      List<Sandbox> copies = parent.fork(2);
      copies.forEach(Sandbox::close);
    }
  }

  private static void begins() {
    System.out.println("begins");
    System.out.flush();
  }
}
