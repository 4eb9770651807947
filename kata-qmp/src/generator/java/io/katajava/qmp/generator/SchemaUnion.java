package io.katajava.qmp.generator;

import io.katajava.qmp.generator.Schema.Alternate;
import io.katajava.qmp.generator.Schema.Branch;
import io.katajava.qmp.generator.Schema.Command;
import io.katajava.qmp.generator.Schema.EnumType;
import io.katajava.qmp.generator.Schema.EnumValue;
import io.katajava.qmp.generator.Schema.Event;
import io.katajava.qmp.generator.Schema.Member;
import io.katajava.qmp.generator.Schema.ObjectType;
import io.katajava.qmp.generator.Schema.Remarks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Two releases as one vocabulary: everything either of them has. What only one has says so, and may
 * be absent; what the newer one has no more is deprecated.
 */
final class SchemaUnion {
  private static final List<String> INTEGERS =
      List.of("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "int", "uint64");

  private final Schema older;
  private final Schema newer;

  private SchemaUnion(Schema older, Schema newer) {
    this.older = older;
    this.newer = newer;
  }

  static Schema of(Schema older, Schema newer) {
    SchemaUnion union = new SchemaUnion(older, newer);
    return new Schema(
        older.qemuVersion() + " and " + newer.qemuVersion(),
        union.all(older.commands(), newer.commands(), Command::remarks, union::command),
        union.all(older.events(), newer.events(), Event::remarks, union::event),
        union.all(older.objects(), newer.objects(), ObjectType::remarks, union::object),
        union.all(older.enums(), newer.enums(), EnumType::remarks, union::enumeration),
        union.all(older.alternates(), newer.alternates(), Alternate::remarks, union::alternate));
  }

  /** {@code 10.0} of {@code 10.0.2}. */
  private static String release(Schema schema) {
    return schema.qemuVersion().replaceFirst("^(\\d+\\.\\d+).*", "$1");
  }

  private Remarks onlyOlder(Remarks remarks) {
    return remarks.with("gone from QEMU " + release(newer), true);
  }

  private Remarks onlyNewer(Remarks remarks) {
    return remarks.with("not in QEMU " + release(older), false);
  }

  private <T> Map<String, T> all(
      Map<String, T> before, Map<String, T> after, Function<T, Remarks> remarks, Merging<T> merge) {
    Map<String, T> all = new LinkedHashMap<>();
    before.forEach(
        (name, thing) -> {
          T other = after.get(name);
          Remarks said = remarks.apply(thing);
          all.put(
              name,
              other == null
                  ? merge.apply(thing, thing, onlyOlder(said))
                  : merge.apply(thing, other, both(said, remarks.apply(other))));
        });
    after.forEach(
        (name, thing) -> {
          if (!before.containsKey(name)) {
            all.put(name, merge.apply(thing, thing, onlyNewer(remarks.apply(thing))));
          }
        });
    return all;
  }

  /** Makes one of two, with the remarks. What only one release has is given twice. */
  private interface Merging<T> {
    T apply(T before, T after, Remarks remarks);
  }

  private Remarks both(Remarks before, Remarks after) {
    Set<String> features = new LinkedHashSet<>(before.features());
    features.addAll(after.features());
    if (Objects.equals(before.condition(), after.condition())) {
      return new Remarks(before.condition(), List.copyOf(features));
    }
    // Only where both depend on how QEMU was built, the whole does.
    Remarks said = new Remarks(null, List.copyOf(features));
    return said.with(condition(older, before), false).with(condition(newer, after), false);
  }

  private static @Nullable String condition(Schema schema, Remarks remarks) {
    return remarks.condition() == null
        ? null
        : "in QEMU " + release(schema) + " only where built with " + remarks.condition();
  }

  private Command command(Command before, Command after, Remarks remarks) {
    return new Command(
        before.name(),
        sameOrOne(before.argumentType(), after.argumentType(), before.name()),
        sameOrOne(before.resultType(), after.resultType(), before.name()),
        before.boxed(),
        before.allowsOutOfBand() && after.allowsOutOfBand(),
        remarks);
  }

  private Event event(Event before, Event after, Remarks remarks) {
    return new Event(
        before.name(),
        sameOrOne(before.argumentType(), after.argumentType(), before.name()),
        remarks);
  }

  private static @Nullable String sameOrOne(
      @Nullable String before, @Nullable String after, String where) {
    if (before != null && after != null && !before.equals(after)) {
      throw new IllegalStateException(where + " has " + before + " and " + after);
    }
    return before == null ? after : before;
  }

  private ObjectType object(ObjectType before, ObjectType after, Remarks remarks) {
    String name = before.name();
    List<Member> members =
        merged(
            firstOfTheirCommand(name) ? List.of() : before.members(),
            after.members(),
            Member::name,
            this::member,
            this::lone);
    List<Branch> branches =
        merged(
            before.branches(),
            after.branches(),
            Branch::value,
            (b, a) -> new Branch(b.value(), same(b.type(), a.type(), name)),
            (b, isOlder) -> b);
    return new ObjectType(
        name,
        before.implicit(),
        sameOrOne(before.base(), after.base(), name),
        members,
        sameOrOne(before.discriminator(), after.discriminator(), name),
        branches,
        remarks);
  }

  /** Whether these are arguments of a command that has none in the older release. */
  private boolean firstOfTheirCommand(String name) {
    return newer.commands().values().stream()
        .filter(command -> name.equals(command.argumentType()))
        .map(command -> older.commands().get(command.name()))
        .anyMatch(command -> command != null && command.argumentType() == null);
  }

  private static String same(String before, String after, String where) {
    return Objects.requireNonNull(sameOrOne(before, after, where));
  }

  private Member member(Member before, Member after) {
    Remarks remarks = both(before.remarks(), after.remarks());
    if (before.optional() && !after.optional()) {
      remarks = remarks.with("always there in QEMU " + release(newer), false);
    }
    String type = before.type();
    boolean nullable = false;
    if (!type.equals(after.type())) {
      Alternate alternate = newer.alternates().get(after.type());
      if (alternate != null && branches(alternate).contains(type)) {
        // What programs know stays; QEMU still takes and sends it.
        nullable = branches(alternate).contains("null");
        remarks =
            remarks.with(
                "{@code "
                    + after.type()
                    + "} in QEMU "
                    + release(newer)
                    + ", other branches of"
                    + " which are additional members",
                false);
      } else if (INTEGERS.contains(type) && INTEGERS.contains(after.type())) {
        type = INTEGERS.get(Math.max(INTEGERS.indexOf(type), INTEGERS.indexOf(after.type())));
      } else {
        throw new IllegalStateException(before.name() + " is " + type + " and " + after.type());
      }
    }
    return new Member(
        before.name(),
        type,
        before.optional() || after.optional(),
        remarks,
        before.fallback(),
        nullable);
  }

  private static List<String> branches(Alternate alternate) {
    return alternate.branches().stream().map(Member::type).toList();
  }

  /** One that only one of the releases has, in an object that both have. */
  private Member lone(Member member, boolean isOlder) {
    Remarks remarks = isOlder ? onlyOlder(member.remarks()) : onlyNewer(member.remarks());
    if (!member.optional()) {
      Schema schema = isOlder ? older : newer;
      remarks = remarks.with("always there in QEMU " + release(schema), false);
    }
    return new Member(
        member.name(), member.type(), true, remarks, member.fallback(), member.nullable());
  }

  private EnumType enumeration(EnumType before, EnumType after, Remarks remarks) {
    List<EnumValue> values =
        merged(
            before.values(),
            after.values(),
            EnumValue::name,
            (b, a) -> new EnumValue(b.name(), both(b.remarks(), a.remarks())),
            (value, isOlder) ->
                new EnumValue(
                    value.name(),
                    isOlder ? onlyOlder(value.remarks()) : onlyNewer(value.remarks())));
    return new EnumType(before.name(), values, remarks);
  }

  private Alternate alternate(Alternate before, Alternate after, Remarks remarks) {
    if (!before.branches().equals(after.branches())) {
      throw new IllegalStateException("alternate " + before.name() + " has changed");
    }
    return new Alternate(before.name(), before.branches(), remarks);
  }

  /** The older ones in their order, then the newer ones in theirs. */
  private static <T> List<T> merged(
      List<T> before,
      List<T> after,
      Function<T, String> name,
      BiFunction<T, T, T> merge,
      BiFunction<T, Boolean, T> lone) {
    Map<String, T> there = new LinkedHashMap<>();
    after.forEach(one -> there.put(name.apply(one), one));
    List<T> all = new ArrayList<>();
    for (T one : before) {
      T other = there.remove(name.apply(one));
      all.add(other == null ? lone.apply(one, true) : merge.apply(one, other));
    }
    there.values().forEach(one -> all.add(lone.apply(one, false)));
    return List.copyOf(all);
  }
}
