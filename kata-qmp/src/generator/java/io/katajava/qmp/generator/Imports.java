package io.katajava.qmp.generator;

import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;

/** The imports of one source file. */
final class Imports {
  private final String self;
  private final TreeSet<String> names = new TreeSet<>();
  private final Set<String> nested = new HashSet<>();

  /** For the source file of the class with this full name. */
  Imports(String self) {
    this.self = self;
  }

  /** Tells that the file nests a class with this simple name, which hides others. */
  void nest(String simpleName) {
    nested.add(simpleName);
  }

  /**
   * Imports a class and returns how to write it; in full if another class of the file is called so.
   */
  String use(String className) {
    String simple = simple(className);
    if (className.equals(self)) {
      return simple;
    }
    if (simple.equals(simple(self)) || nested.contains(simple)) {
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
