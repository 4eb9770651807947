package io.katajava.agent;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import io.katajava.agent.internal.wire.AgentProto;
import io.katajava.agent.internal.wire.HealthProto;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** An RPC of the protocol by name, for tools: what it takes and gives. */
public final class AgentMethod {
  private static final List<AgentMethod> ALL =
      Stream.of(AgentProto.getDescriptor(), HealthProto.getDescriptor())
          .flatMap(file -> file.getServices().stream())
          .flatMap(service -> service.getMethods().stream())
          .map(AgentMethod::new)
          .toList();

  /** They wait for something in the guest, or lose data when the agent gives them up. */
  private static final Set<String> WAITING =
      Set.of("WaitProcess", "ReadStdout", "ReadStderr", "WriteStdin", "GetOOMEvent");

  private final MethodDescriptor descriptor;

  private AgentMethod(MethodDescriptor descriptor) {
    this.descriptor = descriptor;
  }

  /**
   * All of them.
   *
   * @return 44, in the protocol's order
   */
  public static List<AgentMethod> all() {
    return ALL;
  }

  /**
   * Finds one.
   *
   * @param name bare name, such as {@code StatsContainer}; upper and lower case are the same
   * @return empty if the protocol has none of that name
   */
  public static Optional<AgentMethod> find(String name) {
    return ALL.stream().filter(method -> method.name().equalsIgnoreCase(name)).findFirst();
  }

  MethodDescriptor descriptor() {
    return descriptor;
  }

  /**
   * Returns its service.
   *
   * @return full name, {@code grpc.AgentService} or {@code grpc.Health}
   */
  public String service() {
    return descriptor.getService().getFullName();
  }

  /**
   * Returns its name.
   *
   * @return bare name
   */
  public String name() {
    return descriptor.getName();
  }

  /**
   * Tells whether it may wait for something in the guest for any time.
   *
   * @return true for reads, writes and waits
   */
  public boolean waits() {
    return WAITING.contains(name());
  }

  /**
   * Returns what it takes.
   *
   * @return fields of the request message
   */
  public List<AgentField> request() {
    return fields(descriptor.getInputType());
  }

  /**
   * Returns what it gives.
   *
   * @return fields of the reply message, often none
   */
  public List<AgentField> reply() {
    return fields(descriptor.getOutputType());
  }

  /**
   * Returns the messages inside of the request and reply, and those inside of them.
   *
   * @return full name to fields, by name
   */
  public Map<String, List<AgentField>> nested() {
    Map<String, List<AgentField>> found = new TreeMap<>();
    collect(descriptor.getInputType(), found);
    collect(descriptor.getOutputType(), found);
    return found;
  }

  private static void collect(Descriptor message, Map<String, List<AgentField>> found) {
    for (FieldDescriptor field : message.getFields()) {
      if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
        continue;
      }
      Descriptor inner = field.getMessageType();
      if (field.isMapField()) {
        collect(inner, found);
      } else if (found.putIfAbsent(inner.getFullName(), fields(inner)) == null) {
        collect(inner, found);
      }
    }
  }

  private static List<AgentField> fields(Descriptor message) {
    return message.getFields().stream().map(AgentMethod::field).toList();
  }

  private static AgentField field(FieldDescriptor field) {
    if (field.isMapField()) {
      List<FieldDescriptor> entry = field.getMessageType().getFields();
      String type = "map<" + type(entry.get(0)) + ", " + type(entry.get(1)) + ">";
      return new AgentField(field.getName(), type, false, List.of());
    }
    List<String> values =
        field.getJavaType() == FieldDescriptor.JavaType.ENUM
            ? field.getEnumType().getValues().stream().map(EnumValueDescriptor::getName).toList()
            : List.of();
    return new AgentField(field.getName(), type(field), field.isRepeated(), values);
  }

  private static String type(FieldDescriptor field) {
    return switch (field.getJavaType()) {
      case MESSAGE -> field.getMessageType().getFullName();
      case ENUM -> field.getEnumType().getFullName();
      default -> field.getType().name().toLowerCase(Locale.ROOT);
    };
  }

  @Override
  public String toString() {
    return service() + "/" + name();
  }
}
