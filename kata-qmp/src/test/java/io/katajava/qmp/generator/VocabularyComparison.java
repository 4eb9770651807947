package io.katajava.qmp.generator;

import io.katajava.qmp.generator.Schema.Branch;
import io.katajava.qmp.generator.Schema.Member;
import io.katajava.qmp.generator.Schema.ObjectType;
import io.katajava.qmp.type.JSONType;
import io.katajava.qmp.type.SchemaInfo;
import io.katajava.qmp.type.SchemaInfoAlternateMember;
import io.katajava.qmp.type.SchemaInfoEnumMember;
import io.katajava.qmp.type.SchemaInfoObjectMember;
import io.katajava.qmp.type.SchemaInfoObjectVariant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Walks the schema data and a live schema side by side. */
final class VocabularyComparison {
  /** Differences that are no harm: one side has what the other has not. */
  final Set<String> differences = new LinkedHashSet<>();

  /** What would break decoding or encoding. */
  final Set<String> contradictions = new LinkedHashSet<>();

  private final Schema schema;
  private final Map<String, SchemaInfo> live = new HashMap<>();
  private final Set<String> visited = new HashSet<>();

  VocabularyComparison(Schema schema, List<SchemaInfo> entries) {
    this.schema = schema;
    entries.forEach(entry -> live.put(entry.name(), entry));
  }

  VocabularyComparison compare() {
    schema
        .commands()
        .values()
        .forEach(
            command -> {
              if (live.get(command.name()) instanceof SchemaInfo.Command info) {
                String arguments = Objects.requireNonNullElse(command.argumentType(), "q_empty");
                String result = Objects.requireNonNullElse(command.resultType(), "q_empty");
                type(arguments, info.argType(), command.name(), false);
                type(result, info.retType(), command.name() + " returns", true);
                if (command.allowsOutOfBand() != Boolean.TRUE.equals(info.allowOob())) {
                  differences.add("command " + command.name() + ": out of band differs");
                }
              } else {
                differences.add("command " + command.name() + " is not in this QEMU");
              }
            });
    schema
        .events()
        .values()
        .forEach(
            event -> {
              if (live.get(event.name()) instanceof SchemaInfo.Event info) {
                String data = Objects.requireNonNullElse(event.argumentType(), "q_empty");
                type(data, info.argType(), event.name(), true);
              } else {
                differences.add("event " + event.name() + " is not in this QEMU");
              }
            });
    for (SchemaInfo entry : live.values()) {
      boolean known =
          entry instanceof SchemaInfo.Command
              ? schema.commands().containsKey(entry.name())
              : !(entry instanceof SchemaInfo.Event) || schema.events().containsKey(entry.name());
      if (!known) {
        differences.add(entry.metaType() + " " + entry.name() + " is not in the schema data");
      }
    }
    return this;
  }

  private void type(String type, String liveType, String path, boolean received) {
    if (!visited.add(type + " " + liveType + " " + received)) {
      return;
    }
    SchemaInfo info = Objects.requireNonNull(live.get(liveType), liveType);
    boolean fits;
    if (JavaTypes.isList(type)) {
      fits = info instanceof SchemaInfo.Array;
      if (info instanceof SchemaInfo.Array array) {
        type(JavaTypes.element(type), array.elementType(), path + "[]", received);
      }
    } else if (schema.objects().containsKey(type)) {
      fits = info instanceof SchemaInfo.QmpObject;
      if (info instanceof SchemaInfo.QmpObject object) {
        object(schema.object(type), object, path, received);
      }
    } else if (schema.enums().containsKey(type)) {
      fits = info instanceof SchemaInfo.QmpEnum || isText(info);
      if (info instanceof SchemaInfo.QmpEnum known) {
        values(type, known, path);
      }
    } else if (schema.alternates().containsKey(type)) {
      // A member that was a plain type before it became an alternate is one of its branches.
      fits = info instanceof SchemaInfo.Alternate || !received || branchFits(type, info);
    } else {
      fits = info instanceof SchemaInfo.Builtin builtin && scalar(type, builtin.jsonType());
      // An enumeration that became text, or the other way round, is text on the wire.
      fits |= type.equals("str") && info instanceof SchemaInfo.QmpEnum;
      fits |= info instanceof SchemaInfo.Alternate alternate && fits(type, alternate, received);
    }
    if (!fits) {
      contradictions.add(path + ": " + type + " here, " + info.metaType() + " in this QEMU");
    }
  }

  /** What is sent must be one of its branches; what is received is that one, or null. */
  private boolean fits(String type, SchemaInfo.Alternate alternate, boolean received) {
    List<JSONType> branches = new ArrayList<>();
    for (SchemaInfoAlternateMember branch : alternate.members()) {
      if (live.get(branch.type()) instanceof SchemaInfo.Builtin builtin) {
        branches.add(builtin.jsonType());
      } else if (received) {
        return false;
      }
    }
    return branches.stream().anyMatch(branch -> scalar(type, branch))
        && (!received
            || branches.stream()
                .allMatch(branch -> scalar(type, branch) || branch.equals(JSONType.NULL)));
  }

  private static boolean isText(SchemaInfo info) {
    return info instanceof SchemaInfo.Builtin builtin && builtin.jsonType().equals(JSONType.STRING);
  }

  private boolean branchFits(String alternate, SchemaInfo info) {
    return Objects.requireNonNull(schema.alternates().get(alternate)).branches().stream()
        .anyMatch(
            branch ->
                info instanceof SchemaInfo.Builtin builtin
                    ? scalar(branch.type(), builtin.jsonType())
                    : info instanceof SchemaInfo.QmpObject
                        && schema.objects().containsKey(branch.type()));
  }

  private static boolean scalar(String type, JSONType json) {
    String expected =
        switch (type) {
          case "str" -> "string";
          case "bool" -> "boolean";
          case "number" -> "number";
          case "any" -> "value";
          case "null" -> "null";
          default -> "int";
        };
    return json.value().equals(expected) || (type.equals("number") && json.equals(JSONType.INT));
  }

  private void values(String type, SchemaInfo.QmpEnum info, String path) {
    Set<String> here = new HashSet<>();
    Objects.requireNonNull(schema.enums().get(type)).values().forEach(v -> here.add(v.name()));
    Set<String> there = new HashSet<>();
    info.members().stream().map(SchemaInfoEnumMember::name).forEach(there::add);
    difference("enum " + type, here, there, path);
  }

  private void difference(String what, Set<String> here, Set<String> there, String path) {
    List<String> missing = here.stream().filter(v -> !there.contains(v)).sorted().toList();
    List<String> unknown = there.stream().filter(v -> !here.contains(v)).sorted().toList();
    if (!missing.isEmpty()) {
      differences.add(what + " (" + path + ") lacks " + missing);
    }
    if (!unknown.isEmpty()) {
      differences.add(what + " (" + path + ") also has " + unknown);
    }
  }

  private void object(ObjectType object, SchemaInfo.QmpObject info, String path, boolean received) {
    Map<String, SchemaInfoObjectMember> there = new HashMap<>();
    info.members().forEach(member -> there.put(member.name(), member));
    Set<String> here = new HashSet<>();
    for (Member member : schema.allMembers(object)) {
      here.add(member.name());
      member(object.name(), member, there.get(member.name()), path, received);
    }
    for (SchemaInfoObjectMember member : info.members()) {
      if (!received && !here.contains(member.name()) && isRequired(member)) {
        contradictions.add(path + "." + member.name() + " must be sent, but is unknown here");
      }
    }
    difference("object " + object.name(), here, there.keySet(), path);
    branches(object, info, path, received);
  }

  private void member(
      String object,
      Member member,
      @Nullable SchemaInfoObjectMember there,
      String path,
      boolean received) {
    String at = path + "." + member.name();
    boolean required = !member.optional() && member.fallback() == null;
    if (there == null) {
      if (received && required) {
        contradictions.add(at + " (" + object + ") is never sent by this QEMU");
      }
      return;
    }
    if (received && required && !isRequired(there)) {
      contradictions.add(at + " (" + object + ") may be absent in this QEMU");
    }
    if (!received && !required && isRequired(there)) {
      differences.add(at + " (" + object + ") is required by this QEMU");
    }
    type(member.type(), there.type(), at, received);
  }

  /** Optional members have a default, which is null so far. */
  private static boolean isRequired(SchemaInfoObjectMember member) {
    return member.default_() == null;
  }

  private void branches(
      ObjectType union, SchemaInfo.QmpObject info, String path, boolean received) {
    List<SchemaInfoObjectVariant> variants =
        Objects.requireNonNullElse(info.variants(), new ArrayList<>());
    Map<String, String> there = new HashMap<>();
    variants.forEach(variant -> there.put(variant.case_(), variant.type()));
    String tag = union.discriminator();
    if (tag != null && info.tag() != null && !tag.equals(info.tag())) {
      contradictions.add(path + ": told apart by " + info.tag() + " in this QEMU");
    }
    Set<String> here = new HashSet<>();
    for (Branch branch : union.branches()) {
      here.add(branch.value());
      String type = there.get(branch.value());
      if (type != null) {
        type(branch.type(), type, path + "<" + branch.value() + ">", received);
      }
    }
    // Live schemas list a case without members for every other value of the enumeration.
    there
        .entrySet()
        .removeIf(
            variant ->
                live.get(variant.getValue()) instanceof SchemaInfo.QmpObject object
                    && object.members().isEmpty()
                    && object.variants() == null);
    here.removeIf(
        value ->
            !there.containsKey(value)
                && union.branches().stream()
                    .anyMatch(b -> b.value().equals(value) && b.type().equals("q_empty")));
    if (union.isUnion() || !there.isEmpty()) {
      difference("union " + union.name(), here, there.keySet(), path);
    }
  }
}
