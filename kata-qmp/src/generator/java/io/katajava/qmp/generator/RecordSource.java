package io.katajava.qmp.generator;

import io.katajava.qmp.generator.Schema.Member;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Writes one record: a component per member and one for what the schema does not know, a
 * constructor of the required members, a builder where something optional is sent, and both
 * directions of JSON.
 */
final class RecordSource {
  private static final Set<String> SECRETS = Set.of("password", "cookie", "secret");

  private final JavaTypes types;
  private final Imports imports;
  private final String name;
  private final List<Member> members;
  private final StringBuilder body = new StringBuilder();
  private String doc = "";
  private String implemented = "";
  private String decodeAccess = "public ";
  private boolean event;
  private boolean builder;
  private String tag = "";

  /** The member that holds a whole union whose members are this object's own, or empty. */
  private String inlined = "";

  RecordSource(JavaTypes types, Imports imports, String name, List<Member> members) {
    this.types = types;
    this.imports = imports;
    this.name = name;
    this.members = members;
    imports.use("io.katajava.json.JsonCursor");
    imports.use("io.katajava.json.JsonObject");
  }

  RecordSource doc(String text) {
    this.doc = text;
    return this;
  }

  RecordSource implementing(String interfaces) {
    this.implemented = interfaces;
    return this;
  }

  /** An event has the time it happened as its first component. */
  RecordSource event() {
    this.event = true;
    imports.use("java.time.Instant");
    return this;
  }

  /** Only the union decodes its branches. */
  RecordSource branch(String discriminator, String value) {
    this.decodeAccess = "private ";
    this.tag = ".put(\"" + discriminator + "\", \"" + value + "\")";
    return this;
  }

  RecordSource otherBranch() {
    this.decodeAccess = "private ";
    return this;
  }

  RecordSource inlined(String member) {
    this.inlined = member;
    return this;
  }

  RecordSource builder(boolean wanted) {
    this.builder = wanted && members.stream().anyMatch(Member::optional);
    return this;
  }

  RecordSource add(String method) {
    body.append(method);
    return this;
  }

  String write() {
    StringBuilder out = new StringBuilder();
    out.append("/**\n * ").append(doc).append("\n *\n");
    if (event) {
      out.append(" * @param timestamp when it happened, by the host's clock\n");
    }
    for (Member member : members) {
      out.append(" * @param ")
          .append(java(member))
          .append(' ')
          .append(describe(member))
          .append('\n');
    }
    out.append(" * @param additional members the schema does not know\n */\n");
    out.append("public record ").append(name).append('(');
    out.append(parameters(members, true))
        .append(") implements ")
        .append(implemented)
        .append(" {\n");
    out.append(canonicalConstructor());
    out.append(shortConstructor());
    out.append(deprecatedAccessors());
    out.append(body);
    out.append(decoder());
    out.append(encoder());
    if (isSecret()) {
      out.append("@Override public String toString() { return \"").append(name);
      out.append("\" + toJson(); }\n");
    }
    if (builder) {
      out.append(builderSource());
    }
    return out.append("}\n").toString();
  }

  static String describe(Member member) {
    StringBuilder text = new StringBuilder("{@code " + member.name() + "}");
    if (JavaTypes.isUnsigned(member.type())) {
      text.append(", unsigned");
    }
    if (member.optional()) {
      text.append(", may be absent");
    }
    return text.append(remarks(member.remarks())).toString();
  }

  static String remarks(Schema.Remarks remarks) {
    StringBuilder text = new StringBuilder();
    if (remarks.condition() != null) {
      text.append("; only where QEMU was built with ").append(remarks.condition());
    }
    if (remarks.unstable()) {
      text.append("; unstable");
    }
    if (remarks.features().contains("deprecated")) {
      text.append("; deprecated");
    }
    remarks.releases().forEach(release -> text.append("; ").append(release));
    return text.toString();
  }

  private static String java(Member member) {
    return Names.member(member.name());
  }

  private String type(Member member) {
    String type = types.java(member.type(), member.optional(), imports);
    return member.optional() ? imports.nullable(type) : type;
  }

  private List<Member> required() {
    return members.stream().filter(member -> !member.optional()).toList();
  }

  private List<Member> optional() {
    return members.stream().filter(Member::optional).toList();
  }

  private String parameters(List<Member> list, boolean all) {
    List<String> parameters = new ArrayList<>();
    if (event) {
      parameters.add("Instant timestamp");
    }
    for (Member member : list) {
      parameters.add(type(member) + " " + java(member));
    }
    if (all) {
      parameters.add("JsonObject additional");
    }
    return String.join(", ", parameters);
  }

  private String canonicalConstructor() {
    imports.use("java.util.Objects");
    StringBuilder out = new StringBuilder("public " + name + " {\n");
    if (event) {
      out.append("Objects.requireNonNull(timestamp, \"timestamp\");\n");
    }
    for (Member member : members) {
      String java = java(member);
      if (JavaTypes.isList(member.type())) {
        String copy = imports.use("java.util.List") + ".copyOf(" + java + ")";
        String value = member.optional() ? java + " == null ? null : " + copy : copy;
        out.append(java).append(" = ").append(value).append(";\n");
      } else if (!member.optional() && !types.isPrimitive(member.type())) {
        out.append("Objects.requireNonNull(").append(java).append(", \"").append(java);
        out.append("\");\n");
      }
    }
    return out.append("Objects.requireNonNull(additional, \"additional\");\n}\n").toString();
  }

  private String shortConstructor() {
    String arguments =
        members.stream()
            .map(m -> (m.optional() ? "null" : java(m)) + ", ")
            .collect(Collectors.joining());
    return "/** With what is required and nothing else. */\npublic "
        + name
        + ("(" + parameters(required(), false) + ") {\n")
        + ("this(" + (event ? "timestamp, " : "") + arguments + "JsonObject.EMPTY);\n}\n");
  }

  /** On the component itself the annotation would have no effect, says javac. */
  private String deprecatedAccessors() {
    StringBuilder out = new StringBuilder();
    for (Member member : members) {
      if (member.remarks().deprecated()) {
        out.append("@Deprecated public ").append(type(member)).append(' ').append(java(member));
        out.append("() { return ").append(java(member)).append("; }\n");
      }
    }
    return out.toString();
  }

  private String decoder() {
    StringBuilder out = new StringBuilder();
    if (decodeAccess.startsWith("public")) {
      out.append("/** Reads it from JSON; see {@link JsonCursor} for what is thrown. */\n");
    }
    out.append(decodeAccess).append("static ").append(name).append(" decode(");
    out.append(event ? "Instant timestamp, " : "").append("JsonCursor in) {\nreturn new ");
    out.append(name).append('(').append(event ? "timestamp, " : "");
    for (Member member : members) {
      String at = "in.member(\"" + member.name() + "\")";
      if (member.name().equals(inlined)) {
        at = "in";
      }
      String value = types.decode(member.type(), at, imports);
      if (member.optional()) {
        out.append("in.has(\"").append(member.name()).append("\")");
        if (member.nullable()) {
          String none = imports.use("io.katajava.json.JsonNull");
          out.append(" && !(").append(at).append(".value() instanceof ").append(none).append(')');
        }
        out.append(" ? ");
        out.append(value).append(" : null");
      } else {
        out.append(value);
      }
      out.append(",\n");
    }
    return out.append(inlined.isEmpty() ? "in.additional()" : "JsonObject.EMPTY")
        .append(");\n}\n")
        .toString();
  }

  private String encoder() {
    StringBuilder out = new StringBuilder("@Override public JsonObject toJson() {\n");
    if (members.isEmpty() && tag.isEmpty()) {
      return out.append("return additional;\n}\n").toString();
    }
    out.append("return JsonObject.builder()").append(tag);
    for (Member member : members) {
      if (member.name().equals(inlined)) {
        out.append(".putAll(").append(java(member)).append(".toJson())");
      } else {
        out.append(JavaTypes.isUnsigned(member.type()) ? "\n.putUnsigned(\"" : "\n.put(\"");
        out.append(member.name()).append("\", ").append(java(member)).append(')');
      }
    }
    return out.append("\n.putAll(additional).build();\n}\n").toString();
  }

  private boolean isSecret() {
    return tag.contains("\"secret\"")
        || members.stream().anyMatch(m -> SECRETS.contains(m.name()) && m.type().equals("str"));
  }

  private String builderSource() {
    StringBuilder out = new StringBuilder();
    List<Member> required = required();
    String names = required.stream().map(RecordSource::java).collect(Collectors.joining(", "));
    out.append("/** Starts with what is required. */\npublic static Builder builder(");
    out.append(parameters(required, false)).append(") {\nreturn new Builder(").append(names);
    out.append(");\n}\n/** Collects what may be absent. Setting null leaves a member out. */\n");
    out.append("public static final class Builder {\n");
    for (Member member : required) {
      out.append("private final ").append(type(member)).append(' ').append(java(member));
      out.append(";\n");
    }
    for (Member member : optional()) {
      out.append("private ").append(type(member)).append(' ').append(java(member)).append(";\n");
    }
    out.append("private final JsonObject.Builder additional_ = JsonObject.builder();\n");
    out.append("private Builder(").append(parameters(required, false)).append(") {\n");
    for (Member member : required) {
      out.append("this.").append(java(member)).append(" = ").append(java(member)).append(";\n");
    }
    out.append("}\n");
    for (Member member : optional()) {
      out.append("/** ").append(describe(member)).append(". */\n");
      out.append(member.remarks().deprecated() ? "@Deprecated " : "");
      out.append("public Builder ").append(java(member)).append('(').append(type(member));
      out.append(' ').append(java(member)).append(") {\nthis.").append(java(member));
      out.append(" = ").append(java(member)).append(";\nreturn this;\n}\n");
    }
    imports.use("org.jspecify.annotations.Nullable");
    out.append(
        "/** A member the schema does not know; values as for {@link JsonObject.Builder}. */\n");
    out.append("public Builder additional(String name, @Nullable Object value) {\n");
    out.append("additional_.put(name, value);\nreturn this;\n}\n");
    out.append("/** Makes the value. */\npublic ").append(name).append(" build() {\nreturn new ");
    out.append(name).append('(');
    members.forEach(member -> out.append(java(member)).append(", "));
    return out.append("additional_.build());\n}\n}\n").toString();
  }
}
