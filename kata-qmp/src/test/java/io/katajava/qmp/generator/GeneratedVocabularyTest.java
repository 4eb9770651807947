package io.katajava.qmp.generator;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.json.Encodable;
import io.katajava.json.JsonCursor;
import io.katajava.json.JsonException;
import io.katajava.json.JsonObject;
import io.katajava.json.JsonValue;
import io.katajava.json.JsonValues;
import io.katajava.qmp.OpenEnum;
import io.katajava.qmp.QmpCommand;
import io.katajava.qmp.QmpEvent;
import io.katajava.qmp.event.EventVocabulary;
import io.katajava.qmp.generator.Schema.Branch;
import io.katajava.qmp.generator.Schema.Member;
import io.katajava.qmp.generator.Schema.ObjectType;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Everything in the schema data is generated, and what is generated reads what it writes. */
class GeneratedVocabularyTest {
  private static final Schema SCHEMA = load();
  private static final Usage USAGE = new Usage(SCHEMA);

  private static Schema load() {
    try {
      return Schema.load(Path.of("src/main/qmp"));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Example
  void schema_counts_areThoseOfTheData() {
    assertThat(SCHEMA.commands()).hasSize(245);
    assertThat(SCHEMA.events()).hasSize(57);
    assertThat(SCHEMA.objects()).hasSize(745);
    assertThat(SCHEMA.enums()).hasSize(184);
    assertThat(SCHEMA.alternates()).hasSize(7);
  }

  @Example
  void commands_all_areClassesWithTheirName() throws Exception {
    for (String name : SCHEMA.commands().keySet()) {
      Class<?> type = Class.forName(Names.COMMAND_PACKAGE + "." + Names.type(name));
      QmpCommand<?> command = (QmpCommand<?>) random().record(type, 2);
      assertThat(command.commandName()).isEqualTo(name);
      assertThat(command.allowsOutOfBand())
          .isEqualTo(SCHEMA.commands().get(name).allowsOutOfBand());
    }
  }

  @Example
  void events_all_areClassesAndInTheVocabulary() throws Exception {
    assertThat(EventVocabulary.NAMES).isEqualTo(SCHEMA.events().keySet());
    for (String name : SCHEMA.events().keySet()) {
      Class<? extends QmpEvent> type =
          Class.forName(Names.EVENT_PACKAGE + "." + Names.event(name)).asSubclass(QmpEvent.class);
      assertThat(EventVocabulary.nameOf(type)).isEqualTo(name);
      QmpEvent event = (QmpEvent) random().record(type, 2);
      JsonCursor data = JsonCursor.of(event.toJson(), name);
      assertThat(EventVocabulary.decode(name, event.timestamp(), data)).isEqualTo(event);
    }
  }

  @Example
  void enums_all_haveTheirValuesAndKeepOthers() throws Exception {
    for (Schema.EnumType type : SCHEMA.enums().values()) {
      Class<?> java = Class.forName(Names.TYPE_PACKAGE + "." + Names.type(type.name()));
      for (Schema.EnumValue value : type.values()) {
        Object constant = java.getField(Names.constant(value.name())).get(null);
        assertThat(java.getMethod("of", String.class).invoke(null, value.name()))
            .isSameAs(constant);
        assertThat(((OpenEnum) constant).value()).isEqualTo(value.name());
      }
      OpenEnum other = (OpenEnum) java.getMethod("of", String.class).invoke(null, "brand-new");
      assertThat(other.isKnown()).isFalse();
      assertThat(other).isEqualTo(java.getMethod("of", String.class).invoke(null, "brand-new"));
    }
  }

  @Example
  void objects_all_haveTheirMembersInSomeClass() throws Exception {
    Map<String, Set<Class<?>>> classes = classesOfObjects();
    for (ObjectType object : SCHEMA.objects().values()) {
      Set<String> members =
          object.members().stream()
              .map(Member::name)
              .map(Names::member)
              .collect(Collectors.toCollection(TreeSet::new));
      Set<Class<?>> carriers = classes.getOrDefault(object.name(), Set.of());
      assertThat(carriers).as(object.name()).isNotEmpty();
      for (Class<?> type : carriers) {
        Set<String> there =
            Arrays.stream(type.getMethods()).map(m -> m.getName()).collect(Collectors.toSet());
        assertThat(there).as("%s in %s", object.name(), type).containsAll(members);
      }
    }
  }

  /** The class of its own an object has, or those of the commands, events and unions it is in. */
  private static Map<String, Set<Class<?>>> classesOfObjects() throws Exception {
    Map<String, Set<Class<?>>> classes = new HashMap<>();
    for (ObjectType object : SCHEMA.objects().values()) {
      if (USAGE.hasOwnClass(object)) {
        Class<?> own = Class.forName(Names.TYPE_PACKAGE + "." + Names.type(object.name()));
        add(classes, object.name(), own);
        for (Branch branch : object.branches()) {
          Class<?> record = Class.forName(own.getName() + "$" + Names.type(branch.value()));
          // A union as branch is a component of its own.
          if (!SCHEMA.object(branch.type()).isUnion()) {
            add(classes, branch.type(), record);
          }
        }
      }
    }
    for (Schema.Command command : SCHEMA.commands().values()) {
      String arguments = command.argumentType();
      if (arguments != null && !SCHEMA.object(arguments).isUnion()) {
        add(
            classes,
            arguments,
            Class.forName(Names.COMMAND_PACKAGE + "." + Names.type(command.name())));
      }
    }
    for (Schema.Event event : SCHEMA.events().values()) {
      String data = event.argumentType();
      if (data != null) {
        add(classes, data, Class.forName(Names.EVENT_PACKAGE + "." + Names.event(event.name())));
      }
    }
    return classes;
  }

  private static void add(Map<String, Set<Class<?>>> classes, String object, Class<?> type) {
    for (String name = object; name != null; name = SCHEMA.object(name).base()) {
      classes.computeIfAbsent(name, key -> new java.util.LinkedHashSet<>()).add(type);
    }
  }

  @Property(tries = 10)
  void everyType_encodedAndDecoded_isTheSame(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    for (ObjectType object : SCHEMA.objects().values()) {
      if (USAGE.hasOwnClass(object)) {
        roundTrip(Class.forName(Names.TYPE_PACKAGE + "." + Names.type(object.name())), random);
      }
    }
    for (String alternate : SCHEMA.alternates().keySet()) {
      roundTrip(Class.forName(Names.TYPE_PACKAGE + "." + Names.type(alternate)), random);
    }
    for (String command : SCHEMA.commands().keySet()) {
      roundTrip(Class.forName(Names.COMMAND_PACKAGE + "." + Names.type(command)), random);
    }
  }

  private static void roundTrip(Class<?> type, Random random) throws Exception {
    List<Class<?>> records =
        type.isSealed() ? List.of(type.getPermittedSubclasses()) : List.of(type);
    for (Class<?> record : records) {
      Encodable value = (Encodable) new RandomValue(random).record(record, 3);
      JsonValue json = JsonValue.parse(value.toJson().toJson());
      Encodable decoded = decode(type, json);
      assertThat(decoded).isEqualTo(value);
      assertThat(decoded.toString()).isNotEmpty();
      if (json instanceof JsonObject object && !isAlternate(type)) {
        JsonObject more = object.toBuilder().put("x-unknown", List.of(1, 2)).build();
        assertThat(decode(type, more).toJson()).isEqualTo(more);
      }
    }
  }

  private static boolean isAlternate(Class<?> type) {
    return SCHEMA.alternates().keySet().stream().anyMatch(a -> type.getSimpleName().equals(a));
  }

  private static Encodable decode(Class<?> type, JsonValue json) throws Exception {
    try {
      return (Encodable)
          type.getMethod("decode", JsonCursor.class).invoke(null, JsonCursor.of(json, "test"));
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  @Provide
  Arbitrary<JsonValue> values() {
    return JsonValues.any();
  }

  @Property(tries = 50)
  void everyResult_arbitraryJson_isDecodedOrRefusedWithAPath(@ForAll("values") JsonValue json)
      throws Exception {
    for (String name : SCHEMA.commands().keySet()) {
      Class<?> type = Class.forName(Names.COMMAND_PACKAGE + "." + Names.type(name));
      QmpCommand<?> command = (QmpCommand<?>) random().record(type, 0);
      try {
        command.decodeResult(JsonCursor.of(json, name));
      } catch (JsonException e) {
        assertThat(e.getMessage()).startsWith(name);
      }
    }
  }

  @Property(tries = 3)
  void everyType_oneMemberOfAnotherType_isRefusedWithItsPath(@ForAll long seed) throws Exception {
    Random random = new Random(seed);
    JsonValue wrong = JsonValue.parse("[[null]]");
    for (ObjectType object : SCHEMA.objects().values()) {
      if (!USAGE.hasOwnClass(object) || object.isUnion()) {
        continue;
      }
      Class<?> type = Class.forName(Names.TYPE_PACKAGE + "." + Names.type(object.name()));
      JsonObject json = (JsonObject) ((Encodable) new RandomValue(random).record(type, 2)).toJson();
      for (Member member : SCHEMA.allMembers(object)) {
        if (member.type().equals("any") || member.type().startsWith("[")) {
          continue;
        }
        try {
          decode(type, json.toBuilder().put(member.name(), wrong).build());
          throw new AssertionError(object.name() + "." + member.name() + " took " + wrong);
        } catch (JsonException e) {
          assertThat(e.getMessage()).startsWith("test." + member.name());
        }
      }
    }
  }

  @Example
  void publicSignatures_all_useOwnTypesOnly() throws Exception {
    for (String name : new Generator(SCHEMA).sources().keySet()) {
      Class<?> type = Class.forName(name);
      RecordComponent[] components = type.getRecordComponents();
      for (RecordComponent component : components == null ? new RecordComponent[0] : components) {
        assertThat(component.getType().getName())
            .matches("(boolean|int|long|double|java\\.|io\\.katajava\\.).*");
      }
    }
  }

  private static RandomValue random() {
    return new RandomValue(new Random(7));
  }

  @Example
  void timestamps_ofEvents_areKept() {
    assertThat(
            EventVocabulary.decode("STOP", Instant.EPOCH, JsonCursor.of(JsonObject.EMPTY, "STOP"))
                .timestamp())
        .isEqualTo(Instant.EPOCH);
  }
}
