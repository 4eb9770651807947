package io.katajava.qmp.generator;

import io.katajava.qmp.generator.Schema.Alternate;
import io.katajava.qmp.generator.Schema.Branch;
import io.katajava.qmp.generator.Schema.Command;
import io.katajava.qmp.generator.Schema.Event;
import io.katajava.qmp.generator.Schema.Member;
import io.katajava.qmp.generator.Schema.ObjectType;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which objects are referred to, and which of them are sent rather than received. */
final class Usage {
  private final Schema schema;
  private final Set<String> referred = new HashSet<>();
  private final Set<String> carried = new HashSet<>();
  private final Set<String> sent = new HashSet<>();
  private final Set<String> received = new HashSet<>();

  Usage(Schema schema) {
    this.schema = schema;
    for (Command command : schema.commands().values()) {
      follow(command.argumentType(), sent);
      follow(command.resultType(), received);
      refer(command.resultType());
      if (command.argumentType() != null) {
        boolean union = schema.object(command.argumentType()).isUnion();
        (union ? referred : carried).add(command.argumentType());
      }
    }
    for (Event event : schema.events().values()) {
      follow(event.argumentType(), received);
      if (event.argumentType() != null) {
        carried.add(event.argumentType());
      }
    }
    for (ObjectType object : schema.objects().values()) {
      object.members().forEach(member -> refer(member.type()));
      for (Branch branch : object.branches()) {
        (schema.object(branch.type()).isUnion() ? referred : carried).add(branch.type());
      }
      if (object.base() != null) {
        carried.add(object.base());
      }
    }
    for (Alternate alternate : schema.alternates().values()) {
      alternate.branches().forEach(branch -> refer(branch.type()));
    }
  }

  /**
   * Whether an object has a class of its own. One that is only the arguments of a command, the data
   * of an event, a base or a branch of a union is carried by that one's class.
   */
  boolean hasOwnClass(ObjectType object) {
    return object.name().equals("q_empty")
        || (!object.implicit()
            && (referred.contains(object.name()) || !carried.contains(object.name())));
  }

  /** Whether programs make such objects, so that a builder is worth having. */
  boolean isSent(String object) {
    return sent.contains(object) || !received.contains(object);
  }

  private void refer(@Nullable String type) {
    if (type != null) {
      referred.add(JavaTypes.element(type));
    }
  }

  private void follow(@Nullable String type, Set<String> into) {
    if (type == null || !into.add(JavaTypes.element(type))) {
      return;
    }
    ObjectType object = schema.objects().get(JavaTypes.element(type));
    if (object != null) {
      follow(object.base(), into);
      object.members().forEach(member -> follow(member.type(), into));
      object.branches().forEach(branch -> follow(branch.type(), into));
    }
    Alternate alternate = schema.alternates().get(JavaTypes.element(type));
    if (alternate != null) {
      alternate.branches().stream().map(Member::type).forEach(t -> follow(t, into));
    }
  }
}
