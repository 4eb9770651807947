package io.katajava.qmp.generator;

import java.util.Locale;
import java.util.Set;
import javax.lang.model.SourceVersion;

/** Turns QMP's names into Java's. */
final class Names {
  static final String COMMAND_PACKAGE = "io.katajava.qmp.command";
  static final String EVENT_PACKAGE = "io.katajava.qmp.event";
  static final String TYPE_PACKAGE = "io.katajava.qmp.type";

  /** Classes of the JDK that the generated code uses, or that readers expect by these names. */
  private static final Set<String> JDK =
      Set.of(
          "String",
          "Object",
          "Enum",
          "Number",
          "Long",
          "Integer",
          "Boolean",
          "Double",
          "Record",
          "List",
          "Map",
          "Objects",
          "Override",
          "Deprecated");

  /** Methods that records, commands or events have anyway. */
  private static final Set<String> TAKEN =
      Set.of("wait", "notify", "clone", "finalize", "hashCode", "toString", "getClass", "toJson");

  private Names() {}

  /** {@code device_add} is DeviceAdd, {@code null-co} NullCo, {@code ACPIOSTInfo} stays. */
  static String type(String qmp) {
    String name = qmp.equals("q_empty") ? "Empty" : pascal(qmp);
    return JDK.contains(name) ? "Qmp" + name : name;
  }

  /** {@code DEVICE_DELETED} is DeviceDeletedEvent. */
  static String event(String qmp) {
    return pascal(qmp.toLowerCase(Locale.ROOT)) + "Event";
  }

  /** {@code read-only} is readOnly; what Java reserves gets a trailing underscore. */
  static String member(String qmp) {
    String pascal = pascal(qmp.equals("UUID") ? "uuid" : qmp);
    String name = Character.toLowerCase(pascal.charAt(0)) + pascal.substring(1);
    return SourceVersion.isKeyword(name) || TAKEN.contains(name) ? name + "_" : name;
  }

  /** {@code io_uring} is IO_URING, {@code legacyESX} LEGACY_ESX, {@code 16k} _16K. */
  static String constant(String qmp) {
    String name =
        qmp.replaceAll("([a-z])([A-Z])", "$1_$2")
            .replaceAll("[^A-Za-z0-9]", "_")
            .toUpperCase(Locale.ROOT);
    return Character.isDigit(name.charAt(0)) ? "_" + name : name;
  }

  private static String pascal(String qmp) {
    StringBuilder name = new StringBuilder();
    for (String word : qmp.split("[^A-Za-z0-9]+", -1)) {
      if (!word.isEmpty()) {
        name.append(Character.toUpperCase(word.charAt(0))).append(word.substring(1));
      }
    }
    if (Character.isDigit(name.charAt(0))) {
      name.insert(0, '_');
    }
    return name.toString();
  }
}
