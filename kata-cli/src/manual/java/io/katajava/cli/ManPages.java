package io.katajava.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/**
 * Makes the manual at build time: picocli describes every command in AsciiDoc, and {@link Roff}
 * turns that into pages for {@code man}. What picocli leaves out, the footers with the examples, is
 * taken from the commands.
 */
public final class ManPages {
  private ManPages() {}

  /**
   * Writes the pages of all commands.
   *
   * @param arguments the directory to write to, the directory for what is in between, the version
   * @throws IOException when a page cannot be written
   */
  public static void main(String[] arguments) throws IOException {
    write(Path.of(arguments[0]), Path.of(arguments[1]), arguments[2]);
  }

  static void write(Path directory, Path work, String version) throws IOException {
    Files.createDirectories(directory);
    Files.createDirectories(work);
    CommandSpec root = KataCommand.commandLine().getCommandSpec();
    int code = ManPageGenerator.generateManPage(work.toFile(), null, new boolean[0], false, root);
    if (code != 0) {
      throw new IOException("picocli's generator of manual pages ended with " + code);
    }
    for (CommandSpec command : commands(root)) {
      String name = command.qualifiedName("-");
      String page =
          new Roff(version).page(Files.readString(work.resolve(name + ".adoc")), footer(command));
      Files.writeString(directory.resolve(name + ".1"), page);
    }
  }

  /** A command and all below it. */
  static List<CommandSpec> commands(CommandSpec top) {
    List<CommandSpec> all = new ArrayList<>();
    all.add(top);
    for (CommandLine below :
        new TreeSet<>(top.subcommands().keySet()).stream().map(top.subcommands()::get).toList()) {
      all.addAll(commands(below.getCommandSpec()));
    }
    return all;
  }

  private static List<String> footer(CommandSpec command) {
    return List.of(command.usageMessage().footer());
  }

  /** For tests: the pages as they would be written, by name. */
  static Path writeTo(Path directory) {
    try {
      write(directory.resolve("man"), directory.resolve("adoc"), "test");
      return directory.resolve("man");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
