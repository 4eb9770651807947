package io.katajava.qmp.generator;

import io.katajava.qmp.generator.Schema.ObjectType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/** Turns the schema data into Java sources. */
public final class Generator {
  private final Schema schema;
  private final Map<String, String> sources = new TreeMap<>();

  Generator(Schema schema) {
    this.schema = schema;
  }

  /**
   * Writes the sources. Files that are already right are left alone, others are deleted.
   *
   * @param arguments the directory with the schema data, and the one for the sources
   * @throws IOException if something cannot be read or written
   */
  public static void main(String[] arguments) throws IOException {
    Schema schema = Schema.load(Path.of(arguments[0]));
    Path directory = Path.of(arguments[1]);
    Map<Path, String> files = new TreeMap<>();
    new Generator(schema)
        .sources()
        .forEach(
            (name, text) -> files.put(directory.resolve(name.replace('.', '/') + ".java"), text));
    if (Files.exists(directory)) {
      try (Stream<Path> existing = Files.walk(directory)) {
        for (Path file : existing.filter(Files::isRegularFile).toList()) {
          if (!files.containsKey(file)) {
            Files.delete(file);
          }
        }
      }
    }
    for (Map.Entry<Path, String> file : files.entrySet()) {
      Path path = file.getKey();
      if (!Files.exists(path) || !Files.readString(path).equals(file.getValue())) {
        Files.createDirectories(path.getParent());
        Files.writeString(path, file.getValue());
      }
    }
  }

  /** The sources by full class name. */
  Map<String, String> sources() {
    JavaTypes types = new JavaTypes(schema);
    Usage usage = new Usage(schema);
    TypeSources typeSources = new TypeSources(schema, types, usage);
    MessageSources messages = new MessageSources(schema, types);
    for (ObjectType object : schema.objects().values()) {
      if (usage.hasOwnClass(object)) {
        add(
            Names.TYPE_PACKAGE,
            Names.type(object.name()),
            imports ->
                object.isUnion()
                    ? typeSources.union(object, imports)
                    : typeSources.structure(object, imports));
      }
    }
    schema
        .enums()
        .values()
        .forEach(
            type ->
                add(
                    Names.TYPE_PACKAGE,
                    Names.type(type.name()),
                    i -> typeSources.enumeration(type, i)));
    schema
        .alternates()
        .values()
        .forEach(
            type ->
                add(
                    Names.TYPE_PACKAGE,
                    Names.type(type.name()),
                    i -> typeSources.alternate(type, i)));
    schema
        .commands()
        .values()
        .forEach(
            command ->
                add(
                    Names.COMMAND_PACKAGE,
                    Names.type(command.name()),
                    i -> messages.command(command, i)));
    schema
        .events()
        .values()
        .forEach(
            event ->
                add(Names.EVENT_PACKAGE, Names.event(event.name()), i -> messages.event(event, i)));
    add(Names.EVENT_PACKAGE, "EventVocabulary", messages::eventVocabulary);
    describe(Names.TYPE_PACKAGE, "The objects, unions, alternates and enumerations of QMP.");
    describe(Names.COMMAND_PACKAGE, "The commands of QMP, to be given to a {@code QmpClient}.");
    describe(Names.EVENT_PACKAGE, "The events of QMP, to be subscribed to at a {@code QmpClient}.");
    return sources;
  }

  private void add(String inPackage, String name, Function<Imports, String> writer) {
    String className = inPackage + "." + name;
    Imports imports = new Imports(className);
    String body = writer.apply(imports);
    String text = "package " + inPackage + ";\n\n" + imports + "\n" + body;
    if (sources.put(className, text) != null) {
      throw new IllegalStateException("two definitions of " + className);
    }
  }

  private void describe(String name, String text) {
    sources.put(
        name + ".package-info",
        "/** "
            + text
            + " Generated from the schemas of QEMU "
            + schema.qemuVersion()
            + ". */\n"
            + "@NullMarked\npackage "
            + name
            + ";\n\n"
            + "import org.jspecify.annotations.NullMarked;\n");
  }
}
