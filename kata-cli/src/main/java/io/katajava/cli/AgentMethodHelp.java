package io.katajava.cli;

import io.katajava.agent.AgentField;
import io.katajava.agent.AgentMethod;
import java.io.PrintWriter;
import java.util.List;
import java.util.stream.Collectors;

/** Texts about the methods of the protocol. */
final class AgentMethodHelp {
  private AgentMethodHelp() {}

  /** One line for each method. */
  static void list(PrintWriter out) {
    for (AgentMethod method : AgentMethod.all()) {
      out.println(
          method.name()
              + "("
              + fields(method.request())
              + ")"
              + (method.reply().isEmpty() ? "" : " -> " + fields(method.reply())));
    }
    out.flush();
  }

  private static String fields(List<AgentField> fields) {
    return fields.stream().map(AgentField::toString).collect(Collectors.joining(", "));
  }

  /** Everything that can be said in a request and comes in a reply. */
  static void describe(AgentMethod method, PrintWriter out) {
    out.println(method + (method.waits() ? " (waits)" : ""));
    print("request", method.request(), out);
    print("reply", method.reply(), out);
    method.nested().forEach((message, fields) -> print(message, fields, out));
    out.flush();
  }

  private static void print(String heading, List<AgentField> fields, PrintWriter out) {
    out.println("  " + heading + (fields.isEmpty() ? ": nothing" : ""));
    fields.forEach(field -> out.println("    " + field));
  }

  /** An empty request to be filled in. */
  static String template(AgentMethod method) {
    return method.request().stream()
        .map(field -> "\"" + field.name() + "\":" + empty(field))
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static String empty(AgentField field) {
    if (field.repeated()) {
      return "[]";
    }
    return switch (field.type()) {
      case "string", "bytes" -> "\"\"";
      case "bool" -> "false";
      default -> field.type().matches("u?int\\d+|s?fixed\\d+|double|float") ? "0" : "{}";
    };
  }
}
