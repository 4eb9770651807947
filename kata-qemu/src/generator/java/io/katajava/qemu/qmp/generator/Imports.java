package io.katajava.qemu.qmp.generator;

import java.util.TreeSet;

/** The imports of one source file. */
final class Imports {
  private final String self;
  private final TreeSet<String> names = new TreeSet<>();

  /** For the source file of the class with this full name. */
  Imports(String self) {
    this.self = self;
  }

  /** Imports a class and returns how to write it; in full if the file's own class is called so. */
  String use(String className) {
    String simple = simple(className);
    if (className.equals(self)) {
      return simple;
    }
    if (simple.equals(simple(self))) {
      return className;
    }
    names.add(className);
    return simple;
  }

  /** A nullable type: the annotation stands right before the simple name. */
  String nullable(String type) {
    use("org.jspecify.annotations.Nullable");
    int generic = type.indexOf('<');
    int dot = type.lastIndexOf('.', generic < 0 ? type.length() : generic);
    return type.substring(0, dot + 1) + "@Nullable " + type.substring(dot + 1);
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    names.forEach(name -> text.append("import ").append(name).append(";\n"));
    return text.toString();
  }

  private static String simple(String className) {
    return className.substring(className.lastIndexOf('.') + 1);
  }
}
