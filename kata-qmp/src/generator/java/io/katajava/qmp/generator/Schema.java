package io.katajava.qmp.generator;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The schema data: what QMP offers, by name. Type names are QAPI's, {@code [T]} is a list of T. */
record Schema(
    String qemuVersion,
    Map<String, Command> commands,
    Map<String, Event> events,
    Map<String, ObjectType> objects,
    Map<String, EnumType> enums,
    Map<String, Alternate> alternates) {

  private static final String OLDER_DATA = "qmp-schema-10.0.json";
  private static final String NEWER_DATA = "qmp-schema-11.1.json";
  private static final String OLDEST = "older-qemu.tsv";

  /**
   * What the schema says about anything: its build condition, its features, which releases have it
   * and whether the newest one has it no more.
   */
  record Remarks(
      @Nullable String condition, List<String> features, List<String> releases, boolean gone) {
    Remarks(@Nullable String condition, List<String> features) {
      this(condition, features, List.of(), false);
    }

    /** With one more thing to say, if there is one. */
    Remarks with(@Nullable String more, boolean nowGone) {
      if (more == null) {
        return this;
      }
      List<String> all = new ArrayList<>(releases);
      all.add(more);
      return new Remarks(condition, features, List.copyOf(all), gone || nowGone);
    }

    boolean deprecated() {
      return gone || features.contains("deprecated");
    }

    boolean unstable() {
      return features.contains("unstable");
    }
  }

  record Command(
      String name,
      @Nullable String argumentType,
      @Nullable String resultType,
      boolean boxed,
      boolean allowsOutOfBand,
      Remarks remarks) {}

  record Event(String name, @Nullable String argumentType, Remarks remarks) {}

  /**
   * The fallback is the value of a union's discriminator that older QEMUs do not send; a nullable
   * one may be null instead of absent.
   */
  record Member(
      String name,
      String type,
      boolean optional,
      Remarks remarks,
      @Nullable String fallback,
      boolean nullable) {
    Member(String name, String type, boolean optional, Remarks remarks) {
      this(name, type, optional, remarks, null, false);
    }
  }

  record Branch(String value, String type) {}

  record ObjectType(
      String name,
      boolean implicit,
      @Nullable String base,
      List<Member> members,
      @Nullable String discriminator,
      List<Branch> branches,
      Remarks remarks) {
    boolean isUnion() {
      return discriminator != null;
    }

    ObjectType withAbsent(String member, @Nullable String fallback) {
      List<Member> changed = new ArrayList<>();
      for (Member m : members) {
        boolean absent = m.name().equals(member);
        boolean optional = m.optional() || (absent && fallback == null);
        changed.add(
            absent
                ? new Member(m.name(), m.type(), optional, m.remarks(), fallback, m.nullable())
                : m);
      }
      if (changed.equals(members)) {
        throw new IllegalArgumentException(name + " has no required member " + member);
      }
      return new ObjectType(
          name, implicit, base, List.copyOf(changed), discriminator, branches, remarks);
    }
  }

  record EnumValue(String name, Remarks remarks) {}

  record EnumType(String name, List<EnumValue> values, Remarks remarks) {}

  record Alternate(String name, List<Member> branches, Remarks remarks) {}

  /** The vocabulary of all releases there is data of. */
  static Schema load(Path directory) throws IOException {
    return SchemaUnion.of(loadOlder(directory), loadNewer(directory));
  }

  static Schema loadNewer(Path directory) throws IOException {
    return parse(new ObjectMapper().readTree(directory.resolve(NEWER_DATA).toFile()));
  }

  /** Marks as optional what even older QEMUs, that we also talk to, do not send. */
  static Schema loadOlder(Path directory) throws IOException {
    Schema schema = parse(new ObjectMapper().readTree(directory.resolve(OLDER_DATA).toFile()));
    for (String line : Files.readAllLines(directory.resolve(OLDEST))) {
      if (!line.startsWith("#")) {
        String[] fields = line.split("\t", -1);
        ObjectType object = schema.object(fields[0]);
        schema.objects.put(
            fields[0], object.withAbsent(fields[1], fields.length > 2 ? fields[2] : null));
      }
    }
    return schema;
  }

  private static Schema parse(JsonNode root) {
    return new Schema(
        root.get("qemu-version").asText(),
        byName(root.get("commands"), Schema::command),
        byName(root.get("events"), n -> new Event(name(n), text(n, "arg-type"), remarks(n))),
        byName(root.get("objects"), Schema::object),
        byName(root.get("enums"), Schema::enumType),
        byName(
            root.get("alternates"),
            n -> new Alternate(name(n), list(n, "branches", Schema::member), remarks(n))));
  }

  ObjectType object(String name) {
    ObjectType object = objects.get(name);
    if (object == null) {
      throw new IllegalArgumentException("no object " + name);
    }
    return object;
  }

  /** The members of an object and its bases, the bases' first. */
  List<Member> allMembers(ObjectType object) {
    List<Member> members = new ArrayList<>();
    if (object.base() != null) {
      members.addAll(allMembers(object(object.base())));
    }
    members.addAll(object.members());
    return members;
  }

  private static Command command(JsonNode n) {
    return new Command(
        name(n),
        text(n, "arg-type"),
        text(n, "ret-type"),
        n.path("boxed").asBoolean(),
        n.path("allow-oob").asBoolean(),
        remarks(n));
  }

  private static ObjectType object(JsonNode n) {
    return new ObjectType(
        name(n),
        n.path("implicit").asBoolean(),
        text(n, "base"),
        list(n, "members", Schema::member),
        text(n, "discriminator"),
        list(n, "branches", b -> new Branch(b.get("value").asText(), b.get("type").asText())),
        remarks(n));
  }

  private static Member member(JsonNode n) {
    Remarks remarks = remarks(n);
    // A QEMU built otherwise does not have a conditional member, and with -compat
    // deprecated-output=hide none sends a deprecated one.
    boolean optional =
        n.path("optional").asBoolean() || n.has("if") || remarks.features().contains("deprecated");
    return new Member(name(n), n.get("type").asText(), optional, remarks);
  }

  private static EnumType enumType(JsonNode n) {
    Function<JsonNode, EnumValue> value =
        v ->
            v.isTextual()
                ? new EnumValue(v.asText(), new Remarks(null, List.of()))
                : new EnumValue(name(v), remarks(v));
    return new EnumType(name(n), list(n, "values", value), remarks(n));
  }

  private static Remarks remarks(JsonNode n) {
    JsonNode condition = n.get("if");
    return new Remarks(
        condition == null ? null : condition(condition), list(n, "features", JsonNode::asText));
  }

  private static String condition(JsonNode n) {
    if (n.isTextual()) {
      return n.asText();
    }
    Map.Entry<String, JsonNode> operator = n.properties().iterator().next();
    List<String> terms = new ArrayList<>();
    operator.getValue().forEach(term -> terms.add(condition(term)));
    return switch (operator.getKey()) {
      case "all" -> String.join(" and ", terms);
      case "any" -> String.join(" or ", terms);
      case "not" -> "not " + condition(operator.getValue());
      default -> throw new IllegalArgumentException("unknown condition " + n);
    };
  }

  private static String name(JsonNode n) {
    return n.get("name").asText();
  }

  private static @Nullable String text(JsonNode n, String field) {
    JsonNode value = n.get(field);
    return value == null ? null : value.asText();
  }

  private static <T> List<T> list(JsonNode n, String field, Function<JsonNode, T> element) {
    List<T> list = new ArrayList<>();
    n.path(field).forEach(e -> list.add(element.apply(e)));
    return List.copyOf(list);
  }

  private static <T> Map<String, T> byName(JsonNode array, Function<JsonNode, T> element) {
    Map<String, T> map = new LinkedHashMap<>();
    array.forEach(n -> map.put(name(n), element.apply(n)));
    return map;
  }
}
