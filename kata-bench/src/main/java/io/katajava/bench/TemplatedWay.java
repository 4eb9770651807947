package io.katajava.bench;

import java.io.IOException;
import java.time.Duration;
import java.util.Map;

/** A way that begins with a template, beside a bare QEMU that loads the template's state. */
abstract class TemplatedWay implements StartBench.Way {
  private final TemplateGround ground;

  TemplatedWay(Subject subject) throws IOException {
    this.ground = TemplateGround.of(subject);
  }

  @Override
  public void prepare(int starts) throws IOException, InterruptedException {
    // The template is there.
  }

  @Override
  public String floorName() {
    return "bare QEMU, state to reply";
  }

  @Override
  public Duration floor() throws IOException, InterruptedException {
    return ground.floor().run();
  }

  @Override
  public Map<String, String> conditions() {
    return ground.conditions();
  }

  @Override
  public void close() {
    // Templates stay.
  }
}
