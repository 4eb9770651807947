package io.katajava.qmp.generator;

import io.katajava.qmp.generator.Schema.Alternate;
import io.katajava.qmp.generator.Schema.Branch;
import io.katajava.qmp.generator.Schema.EnumType;
import io.katajava.qmp.generator.Schema.EnumValue;
import io.katajava.qmp.generator.Schema.Member;
import io.katajava.qmp.generator.Schema.ObjectType;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Writes structures, unions, alternates and enumerations. */
final class TypeSources {
  private final Schema schema;
  private final JavaTypes types;
  private final Usage usage;

  TypeSources(Schema schema, JavaTypes types, Usage usage) {
    this.schema = schema;
    this.types = types;
    this.usage = usage;
  }

  String structure(ObjectType object, Imports imports) {
    return new RecordSource(types, imports, Names.type(object.name()), schema.allMembers(object))
        .doc(
            "QMP object {@code "
                + object.name()
                + "}"
                + RecordSource.remarks(object.remarks())
                + ".")
        .implementing(imports.use("io.katajava.json.Encodable"))
        .builder(usage.isSent(object.name()))
        .write();
  }

  /** A sealed interface with the common members, a record per branch, and one for the others. */
  String union(ObjectType union, Imports imports) {
    String name = Names.type(union.name());
    imports.nest("Other");
    union.branches().forEach(branch -> imports.nest(Names.type(branch.value())));
    String discriminator = Objects.requireNonNull(union.discriminator());
    List<Member> common = schema.allMembers(union);
    Member tag =
        common.stream().filter(m -> m.name().equals(discriminator)).findFirst().orElseThrow();
    String tagType = types.java(tag.type(), false, imports);
    imports.use("io.katajava.json.Encodable");
    imports.use("io.katajava.json.JsonCursor");
    imports.use("io.katajava.json.JsonObject");
    StringBuilder out = new StringBuilder();
    out.append("/** QMP union {@code ").append(union.name()).append("}, told apart by {@code ");
    out.append(discriminator).append("}").append(RecordSource.remarks(union.remarks()));
    out.append(". */\n@SuppressWarnings(\"deprecation\")\npublic sealed interface ")
        .append(name)
        .append(" extends Encodable {\n");
    for (Member member : common) {
      String type = types.java(member.type(), member.optional(), imports);
      out.append("/** ").append(RecordSource.describe(member)).append(". */\n");
      out.append(member.remarks().deprecated() ? "@Deprecated " : "");
      out.append(member.optional() ? imports.nullable(type) : type);
      out.append(' ').append(Names.member(member.name())).append("();\n");
    }
    out.append("/** Members the schema does not know. */\nJsonObject additional();\n");
    out.append("@Override JsonObject toJson();\n");
    out.append("/** Reads it from JSON; see {@link JsonCursor} for what is thrown. */\nstatic ");
    out.append(name).append(" decode(JsonCursor in) {\nreturn switch (");
    String read = "in.member(\"" + discriminator + "\").string()";
    out.append(
        tag.fallback() == null
            ? read
            : "in.has(\"" + discriminator + "\") ? " + read + " : \"" + tag.fallback() + "\"");
    out.append(") {\n");
    for (Branch branch : union.branches()) {
      out.append("case \"").append(branch.value()).append("\" -> ");
      out.append(Names.type(branch.value())).append(".decode(in);\n");
    }
    out.append("default -> Other.decode(in);\n};\n}\n");
    List<Member> shared = common.stream().filter(m -> !m.equals(tag)).toList();
    for (Branch branch : union.branches()) {
      String accessor =
          "@Override public "
              + tagType
              + " "
              + Names.member(discriminator)
              + ("() { return " + tagType + "." + Names.constant(branch.value()) + "; }\n");
      out.append(branch(union, branch, shared, discriminator, accessor, imports));
    }
    out.append(
        new RecordSource(types, imports, "Other", common)
            .doc("Any other {@code " + discriminator + "}, without members of its own.")
            .implementing(name)
            .otherBranch()
            .builder(usage.isSent(union.name()))
            .write());
    return out.append("}\n").toString();
  }

  private String branch(
      ObjectType union,
      Branch branch,
      List<Member> shared,
      String discriminator,
      String accessor,
      Imports imports) {
    ObjectType type = schema.object(branch.type());
    List<Member> members = new ArrayList<>(shared);
    String inlined = "";
    if (type.isUnion()) {
      inlined = branch.value();
      members.add(new Member(inlined, type.name(), false, type.remarks()));
    } else {
      members.addAll(schema.allMembers(type));
    }
    String of = type.name().equals("q_empty") ? "" : ", from {@code " + type.name() + "}";
    return new RecordSource(types, imports, Names.type(branch.value()), members)
        .doc("{@code " + branch.value() + "}" + of + RecordSource.remarks(type.remarks()) + ".")
        .implementing(Names.type(union.name()))
        .branch(discriminator, branch.value())
        .inlined(inlined)
        .builder(usage.isSent(union.name()))
        .add(accessor)
        .write();
  }

  /** A sealed interface with a record per branch; the kind of JSON value tells them apart. */
  String alternate(Alternate alternate, Imports imports) {
    String name = Names.type(alternate.name());
    alternate.branches().forEach(branch -> imports.nest(Names.type(branch.name())));
    imports.use("io.katajava.json.Encodable");
    imports.use("io.katajava.json.JsonCursor");
    String json = imports.use("io.katajava.json.JsonValue");
    StringBuilder out = new StringBuilder();
    StringBuilder tests = new StringBuilder();
    StringBuilder records = new StringBuilder();
    for (Member branch : alternate.branches()) {
      String record = Names.type(branch.name());
      String type = types.java(branch.type(), false, imports);
      String kind = imports.use("io.katajava.json." + jsonKind(branch.type()));
      String read =
          branch.type().equals("null")
              ? kind + ".INSTANCE"
              : types.decode(branch.type(), "in", imports);
      tests.append("if (in.value() instanceof ").append(kind).append(") {\nreturn new ");
      tests.append(record).append('(').append(read).append(");\n}\n");
      records
          .append("/**\n * {@code ")
          .append(branch.name())
          .append("}.\n *\n * @param value its value");
      records.append("\n */\nrecord ").append(record).append('(').append(type);
      records.append(" value) implements ").append(name).append(" {\n");
      if (JavaTypes.isList(branch.type())) {
        records.append("public ").append(record).append(" { value = List.copyOf(value); }\n");
      }
      records.append("@Override public ").append(json).append(" toJson() {\nreturn ");
      records.append(encode(branch.type(), imports)).append(";\n}\n}\n");
      if (!branch.type().equals("null")) {
        out.append("/** Makes {@code ").append(branch.name()).append("}. */\nstatic ").append(name);
        out.append(" of(").append(type).append(" value) { return new ").append(record);
        out.append("(value); }\n");
      }
    }
    return "/** QMP alternate {@code "
        + alternate.name()
        + "}. */\npublic sealed interface "
        + name
        + " extends Encodable {\n"
        + out
        + "/** Reads it from JSON; see {@link JsonCursor} for what is thrown. */\nstatic "
        + name
        + " decode(JsonCursor in) {\n"
        + tests
        + "throw in.mismatch(\"a "
        + name
        + "\");\n}\n"
        + records
        + "}\n";
  }

  private String jsonKind(String type) {
    if (JavaTypes.isList(type)) {
      return "JsonArray";
    }
    return switch (type) {
      case "str" -> "JsonString";
      case "bool" -> "JsonBoolean";
      case "null" -> "JsonNull";
      default ->
          types.isEnum(type) ? "JsonString" : types.isPrimitive(type) ? "JsonNumber" : "JsonObject";
    };
  }

  private String encode(String type, Imports imports) {
    if (JavaTypes.isList(type)) {
      boolean text = JavaTypes.element(type).equals("str");
      String element = imports.use("io.katajava.json.Json" + (text ? "String" : "Number"));
      String array = imports.use("io.katajava.json.JsonArray");
      return "new "
          + array
          + "(value.stream().<JsonValue>map("
          + element
          + (text ? "::new" : "::ofUnsigned")
          + ").toList())";
    }
    return switch (type) {
      case "str" -> "new JsonString(value)";
      case "bool" -> "JsonBoolean.of(value)";
      case "null" -> "value";
      case "uint64" -> "JsonNumber.ofUnsigned(value)";
      default -> "value.toJson()";
    };
  }

  /** A class with a constant per known value; any other value is kept as it is. */
  String enumeration(EnumType type, Imports imports) {
    String name = Names.type(type.name());
    imports.use("java.util.Collection");
    imports.use("java.util.Collections");
    imports.use("java.util.LinkedHashMap");
    imports.use("java.util.Map");
    imports.use("io.katajava.qmp.OpenEnum");
    StringBuilder out = new StringBuilder();
    out.append("/** QMP enumeration {@code ").append(type.name()).append('}');
    out.append(RecordSource.remarks(type.remarks()))
        .append(". */\npublic final class ")
        .append(name);
    out.append(" extends OpenEnum {\nprivate static final Map<String, ").append(name);
    out.append("> VALUES = new LinkedHashMap<>();\n");
    Map<String, String> constants = new LinkedHashMap<>();
    for (EnumValue value : type.values()) {
      String constant = Names.constant(value.name());
      if (constants.put(constant, value.name()) != null) {
        throw new IllegalStateException(type.name() + " has two values named " + constant);
      }
      out.append("/** {@code ").append(value.name()).append('}');
      out.append(RecordSource.remarks(value.remarks())).append(". */\n");
      out.append(value.remarks().deprecated() ? "@Deprecated " : "").append("public static final ");
      out.append(name).append(' ').append(constant).append(" = add(\"").append(value.name());
      out.append("\");\n");
    }
    return out.append(
            """
            private NAME(String value) { super(value); }
            private static NAME add(String value) {
            NAME known = new NAME(value);
            VALUES.put(value, known);
            return known;
            }
            /** Finds a value, or keeps one that is unknown. */
            public static NAME of(String value) {
            NAME known = VALUES.get(value);
            return known != null ? known : new NAME(value);
            }
            /** The values this client was built with. */
            public static Collection<NAME> known() {
            return Collections.unmodifiableCollection(VALUES.values());
            }
            @Override public boolean isKnown() { return VALUES.containsKey(value()); }
            }
            """
                .replace("NAME", name))
        .toString();
  }
}
