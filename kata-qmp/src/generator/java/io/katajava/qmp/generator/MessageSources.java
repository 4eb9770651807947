package io.katajava.qmp.generator;

import io.katajava.qmp.generator.Schema.Command;
import io.katajava.qmp.generator.Schema.Event;
import io.katajava.qmp.generator.Schema.Member;
import io.katajava.qmp.generator.Schema.ObjectType;
import java.util.List;
import java.util.Objects;

/** Writes commands and events. */
final class MessageSources {
  private final Schema schema;
  private final JavaTypes types;

  MessageSources(Schema schema, JavaTypes types) {
    this.schema = schema;
    this.types = types;
  }

  String command(Command command, Imports imports) {
    String name = Names.type(command.name());
    String resultType = Objects.requireNonNullElse(command.resultType(), "q_empty");
    String result = types.java(resultType, true, imports);
    String interfaces = imports.use("io.katajava.qmp.QmpCommand") + "<" + result + ">";
    String methods =
        "@Override public String commandName() { return \""
            + command.name()
            + "\"; }\n"
            + ("@Override public " + result + " decodeResult(JsonCursor in) {\nreturn ")
            + (types.decode(resultType, "in", imports) + ";\n}\n")
            + (command.allowsOutOfBand()
                ? "@Override public boolean allowsOutOfBand() { return true; }\n"
                : "");
    List<Member> members = List.of();
    String inlined = "";
    if (command.argumentType() != null) {
      ObjectType arguments = schema.object(command.argumentType());
      members = schema.allMembers(arguments);
      if (arguments.isUnion()) {
        inlined = "options";
        members = List.of(new Member(inlined, arguments.name(), false, arguments.remarks()));
      }
    }
    String returns =
        command.resultType() == null ? "nothing" : "{@code " + command.resultType() + "}";
    String remarks = RecordSource.remarks(command.remarks());
    String record =
        new RecordSource(types, imports, name, members)
            .doc("QMP command {@code " + command.name() + "}; returns " + returns + remarks + ".")
            .implementing(interfaces)
            .inlined(inlined)
            .builder(true)
            .add(methods)
            .write();
    if (!command.remarks().deprecated()) {
      return record;
    }
    return deprecated(
        record, command.remarks().gone() ? "newer QEMUs do not have it" : "QEMU deprecates it");
  }

  String event(Event event, Imports imports) {
    List<Member> members =
        event.argumentType() == null
            ? List.of()
            : schema.allMembers(schema.object(event.argumentType()));
    return new RecordSource(types, imports, Names.event(event.name()), members)
        .doc("QMP event {@code " + event.name() + "}" + RecordSource.remarks(event.remarks()) + ".")
        .implementing(imports.use("io.katajava.qmp.QmpEvent"))
        .event()
        .add(
            "/** Its name in QMP. */\npublic static final String NAME = \""
                + event.name()
                + "\";\n")
        .add("@Override public String eventName() { return NAME; }\n")
        .write();
  }

  /** Finds events by name and by class without loading all of them. */
  String eventVocabulary(Imports imports) {
    imports.use("io.katajava.qmp.QmpEvent");
    imports.use("io.katajava.qmp.UnknownEvent");
    imports.use("io.katajava.json.JsonCursor");
    imports.use("java.time.Instant");
    imports.use("java.util.Set");
    imports.use("org.jspecify.annotations.Nullable");
    StringBuilder decoders = new StringBuilder();
    StringBuilder names = new StringBuilder();
    for (Event event : schema.events().values()) {
      String java = Names.event(event.name());
      decoders.append("case \"").append(event.name()).append("\" -> ").append(java);
      decoders.append(".decode(timestamp, in);\n");
      names.append("case \"").append(java).append("\" -> \"").append(event.name()).append("\";\n");
    }
    return """
    /** The events of the schema, by name and by class. */
    public final class EventVocabulary {
    /** The names in QMP. */
    public static final Set<String> NAMES = Set.of(ALL);
    private EventVocabulary() {}
    /** Decodes an event; one that the schema does not have becomes an {@link UnknownEvent}. */
    public static QmpEvent decode(String name, Instant timestamp, JsonCursor in) {
    return switch (name) {
    DECODERS
    default -> new UnknownEvent(name, timestamp, in.object());
    };
    }
    /** The name of an event in QMP, or null if the class is none of this package. */
    public static @Nullable String nameOf(Class<? extends QmpEvent> type) {
    if (!type.getPackageName().equals(EventVocabulary.class.getPackageName())) {
    return null;
    }
    return switch (type.getSimpleName()) {
    CLASSES
    default -> null;
    };
    }
    }
    """
        .replace("ALL", "\"" + String.join("\",\n\"", schema.events().keySet()) + "\"")
        .replace("DECODERS", decoders)
        .replace("CLASSES", names);
  }

  private static String deprecated(String record, String why) {
    return record.replaceFirst(
        " \\*/\npublic record ", " * @deprecated " + why + "\n */\n@Deprecated\npublic record ");
  }
}
