package io.katajava.agent.internal.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.DescriptorProtos.FieldDescriptorProto;
import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.EnumDescriptor;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.Descriptors.ServiceDescriptor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Compares the compiled descriptors with the table of the protocol, in both directions. */
class ProtocolTableTest {
  private static final List<FileDescriptor> FILES =
      List.of(
          AgentProto.getDescriptor(),
          OciProto.getDescriptor(),
          TypesProto.getDescriptor(),
          HealthProto.getDescriptor(),
          CsiProto.getDescriptor());

  @Test
  void descriptors_areTheTable() throws IOException {
    assertThat(compiled()).containsExactlyInAnyOrderElementsOf(table());
  }

  @Test
  void descriptors_countsAreTheTablesCounts() throws IOException {
    List<String> rows = compiled();
    assertThat(rows.stream().filter(r -> r.contains("\trpc\t"))).hasSize(44);
    assertThat(rows.stream().filter(r -> r.contains("field\t"))).hasSize(369);
    assertThat(rows.stream().filter(r -> r.contains("\tmap-field\t"))).hasSize(4);
    assertThat(rows.stream().filter(r -> r.contains("\toneof-field\t"))).hasSize(1);
    assertThat(rows.stream().filter(r -> r.contains("\tenum\t"))).hasSize(10);
    assertThat(FILES.stream().mapToInt(f -> f.getMessageTypes().size()).sum()).isEqualTo(113);
    assertThat(FILES.stream().flatMap(ProtocolTableTest::enums)).hasSize(4);
  }

  @Test
  void fieldlessMessages_areTheOnesTheTableNames() throws IOException {
    List<String> empty =
        FILES.stream()
            .flatMap(f -> f.getMessageTypes().stream())
            .filter(m -> m.getFields().isEmpty())
            .map(Descriptor::getFullName)
            .toList();
    String line =
        lines().stream().filter(l -> l.startsWith("# messages with no fields")).findAny().get();
    String[] named = line.substring(line.lastIndexOf("): ") + 3).split(", ");
    assertThat(empty).containsExactlyInAnyOrder(named);
  }

  @Test
  void files_areProto3WithTheTablesPackages() {
    for (FileDescriptor file : FILES) {
      FileDescriptorProto proto = file.toProto();
      assertThat(proto.getSyntax()).isEqualTo("proto3");
      assertThat(proto.getPackage())
          .isEqualTo(file == TypesProto.getDescriptor() ? "types" : "grpc");
    }
  }

  private static List<String> table() throws IOException {
    return lines().stream().filter(l -> !l.startsWith("#")).skip(1).toList();
  }

  private static List<String> lines() throws IOException {
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(
                    ProtocolTableTest.class.getResourceAsStream(
                        "/io/katajava/agent/agent-protocol.tsv")),
                StandardCharsets.UTF_8))) {
      return reader.lines().toList();
    }
  }

  private static List<String> compiled() {
    List<String> rows = new ArrayList<>();
    for (FileDescriptor file : FILES) {
      String prefix = file.getName() + "\t" + file.getPackage() + "\t";
      for (ServiceDescriptor service : file.getServices()) {
        for (MethodDescriptor m : service.getMethods()) {
          assertThat(m.toProto().getClientStreaming() || m.toProto().getServerStreaming())
              .isFalse();
          String types = m.getInputType().getFullName() + " -> " + m.getOutputType().getFullName();
          rows.add(row(prefix + "rpc", service.getFullName(), m.getName(), "-", types, "-"));
        }
      }
      for (Descriptor message : file.getMessageTypes()) {
        for (FieldDescriptor field : message.getFields()) {
          String number = Integer.toString(field.getNumber());
          String name = message.getFullName();
          rows.add(
              row(prefix + kind(field), name, field.getName(), number, type(field), label(field)));
        }
      }
      enums(file)
          .forEach(
              e -> {
                for (EnumValueDescriptor v : e.getValues()) {
                  String number = Integer.toString(v.getNumber());
                  rows.add(row(prefix + "enum", e.getFullName(), v.getName(), number, "-", "-"));
                }
              });
    }
    return rows;
  }

  private static String row(String... columns) {
    return String.join("\t", columns) + "\t-";
  }

  private static Stream<EnumDescriptor> enums(FileDescriptor file) {
    return Stream.concat(
        file.getEnumTypes().stream(),
        file.getMessageTypes().stream().flatMap(m -> m.getEnumTypes().stream()));
  }

  private static String kind(FieldDescriptor field) {
    if (field.isMapField()) {
      return "map-field";
    }
    return field.getRealContainingOneof() != null ? "oneof-field" : "field";
  }

  private static String type(FieldDescriptor field) {
    if (field.isMapField()) {
      List<FieldDescriptor> entry = field.getMessageType().getFields();
      return "map<" + type(entry.get(0)) + ", " + type(entry.get(1)) + ">";
    }
    return switch (field.getType()) {
      case MESSAGE -> field.getMessageType().getFullName();
      case ENUM -> field.getEnumType().getFullName();
      default ->
          field
              .toProto()
              .getType()
              .name()
              .substring("TYPE_".length())
              .toLowerCase(java.util.Locale.ROOT);
    };
  }

  private static String label(FieldDescriptor field) {
    FieldDescriptorProto proto = field.toProto();
    if (proto.getProto3Optional()) {
      return "optional";
    }
    return field.isRepeated() && !field.isMapField() ? "repeated" : "-";
  }
}
