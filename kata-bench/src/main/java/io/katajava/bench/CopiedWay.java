package io.katajava.bench;

import io.katajava.Kata;
import io.katajava.Sandbox;
import java.io.IOException;

/** A way that begins with a running sandbox, a clone of the template, of which copies are made. */
abstract class CopiedWay extends TemplatedWay {
  private final Kata kata;
  private final Sandbox parent;

  CopiedWay(Subject subject) throws IOException {
    super(subject);
    kata = subject.kata();
    boolean started = false;
    try {
      parent = TemplateGround.builder(kata, subject.memory()).start();
      parent.exec("uname").orThrow();
      started = true;
    } finally {
      if (!started) {
        kata.close();
      }
    }
  }

  final Kata kata() {
    return kata;
  }

  final Sandbox parent() {
    return parent;
  }

  @Override
  public void close() {
    kata.close();
  }
}
