package io.katajava.bench;

import io.katajava.BirthPolicy;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import io.katajava.TemplateInfo;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/** A template, and the floor that goes with it. */
final class TemplateGround {
  private final CloneFloor floor;
  private final Map<String, String> conditions = new LinkedHashMap<>();

  private TemplateGround(CloneFloor floor) {
    this.floor = floor;
  }

  /** Builds the template if there is none; it stays, as users' templates do. */
  static TemplateGround of(Subject subject) throws IOException {
    try (Kata kata = subject.kata()) {
      SandboxBuilder builder = builder(kata, subject.memory());
      TemplateInfo template = kata.templates().build(builder.spec());
      try (Sandbox sandbox = builder.start()) {
        TemplateGround ground = new TemplateGround(new CloneFloor(template, sandbox.commandLine()));
        ground.conditions.put("guest kernel", Kernels.of(sandbox));
        ground.conditions.put("guest memory", subject.memory().toString());
        ground.conditions.put(
            "template", template.size() + " in " + template.directory().getParent());
        return ground;
      }
    }
  }

  static SandboxBuilder builder(Kata kata, MemorySize memory) {
    return kata.sandbox().birth(BirthPolicy.TEMPLATE_ON_DEMAND).memory(memory).image("busybox");
  }

  CloneFloor floor() {
    return floor;
  }

  Map<String, String> conditions() {
    return conditions;
  }

  /** A bench that says "template" must not have booted. */
  static void require(Sandbox sandbox, io.katajava.Birth.Kind kind) throws IOException {
    if (sandbox.birth().kind() != kind) {
      throw new IOException("the sandbox was born otherwise: " + sandbox.birth());
    }
  }
}
