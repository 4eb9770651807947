package io.katajava.guest.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The modules of one kernel and what each needs loaded before it.
 *
 * <p>Made from {@code modules.dep} where depmod(8) has run. A Debian kernel package is without that
 * file (its postinst makes it), so then the graph comes from the modules themselves. Names compare
 * with hyphens as underscores.
 */
final class ModuleGraph {
  private final Path directory;
  private final Map<String, String> paths;
  private final Map<String, List<String>> dependencies;
  private final Map<String, List<String>> soft;
  private final Set<String> builtin;
  private final boolean fromModules;

  private ModuleGraph(
      Path directory,
      Map<String, String> paths,
      Map<String, List<String>> dependencies,
      Map<String, List<String>> soft,
      Set<String> builtin,
      boolean fromModules) {
    this.directory = directory;
    this.paths = paths;
    this.dependencies = dependencies;
    this.soft = soft;
    this.builtin = builtin;
    this.fromModules = fromModules;
  }

  /**
   * Reads a modules directory.
   *
   * @param directory the one with {@code kernel/} and {@code modules.builtin} in it
   * @throws IOException when a file in it cannot be understood; the message names file and line
   */
  static ModuleGraph open(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new IOException(directory + " is not a directory");
    }
    Set<String> builtin = readBuiltin(directory.resolve("modules.builtin"));
    Path dep = directory.resolve("modules.dep");
    if (Files.isRegularFile(dep)) {
      Map<String, String> paths = new LinkedHashMap<>();
      Map<String, List<String>> needs = new LinkedHashMap<>();
      readDependencies(dep, paths, needs);
      Map<String, List<String>> soft = readSoft(directory.resolve("modules.softdep"));
      return new ModuleGraph(directory, paths, needs, soft, builtin, false);
    }
    return new ModuleGraph(
        directory, findModules(directory), new LinkedHashMap<>(), Map.of(), builtin, true);
  }

  Path directory() {
    return directory;
  }

  boolean isBuiltin(String name) {
    return builtin.contains(KernelModule.normalize(name));
  }

  boolean contains(String name) {
    return paths.containsKey(KernelModule.normalize(name));
  }

  int size() {
    return paths.size();
  }

  /**
   * The files to load for a module, itself last, each after all it needs; relative to {@link
   * #directory()}. Empty when it is built in. A cycle is entered once.
   *
   * @throws IOException when the module, or one it needs, is neither there nor built in
   */
  List<String> loadOrder(String name) throws IOException {
    Set<String> ordered = new LinkedHashSet<>();
    visit(KernelModule.normalize(name), null, ordered, new LinkedHashSet<>());
    List<String> files = new ArrayList<>();
    for (String module : ordered) {
      String path = paths.get(module);
      if (path != null) {
        files.add(path);
      }
    }
    return files;
  }

  private void visit(
      String module, @Nullable String neededBy, Set<String> ordered, Set<String> open)
      throws IOException {
    if (builtin.contains(module) || ordered.contains(module) || !open.add(module)) {
      return;
    }
    String path = paths.get(module);
    if (path == null) {
      throw new IOException(
          "Kernel module "
              + module
              + (neededBy == null ? "" : ", needed by " + neededBy + ",")
              + " is neither in "
              + directory
              + " nor built in");
    }
    KernelModule.Needs needs = needs(module, path);
    for (String needed : needs.soft()) {
      if (paths.containsKey(needed)) {
        visit(needed, module, ordered, open);
      }
    }
    for (String needed : needs.hard()) {
      visit(needed, module, ordered, open);
    }
    ordered.add(module);
  }

  private KernelModule.Needs needs(String module, String path) throws IOException {
    if (fromModules) {
      return KernelModule.needs(KernelModule.read(directory.resolve(path)), path);
    }
    return new KernelModule.Needs(
        dependencies.getOrDefault(module, List.of()), soft.getOrDefault(module, List.of()));
  }

  private static void readDependencies(
      Path file, Map<String, String> paths, Map<String, List<String>> needs) throws IOException {
    List<String> lines = Files.readAllLines(file);
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int colon = line.indexOf(':');
      if (colon <= 0) {
        throw bad(file, i, "expected 'path: path...', found '" + abbreviate(line) + "'");
      }
      String path = checked(file, i, line.substring(0, colon).strip());
      List<String> direct = new ArrayList<>();
      for (String needed : line.substring(colon + 1).strip().split("\\s+", -1)) {
        if (!needed.isEmpty()) {
          direct.add(KernelModule.nameOf(checked(file, i, needed)));
        }
      }
      paths.put(KernelModule.nameOf(path), path);
      // depmod lists the whole closure, the nearest first; loading goes the other way.
      Collections.reverse(direct);
      needs.put(KernelModule.nameOf(path), direct);
    }
  }

  private static Map<String, List<String>> readSoft(Path file) throws IOException {
    Map<String, List<String>> soft = new LinkedHashMap<>();
    if (Files.isRegularFile(file)) {
      for (String line : Files.readAllLines(file)) {
        String[] words = line.strip().split("\\s+", 3);
        if (words.length == 3 && words[0].equals("softdep")) {
          soft.put(KernelModule.normalize(words[1]), KernelModule.softPre(words[2]));
        }
      }
    }
    return soft;
  }

  private static Set<String> readBuiltin(Path file) throws IOException {
    Set<String> names = new LinkedHashSet<>();
    if (Files.isRegularFile(file)) {
      List<String> lines = Files.readAllLines(file);
      for (int i = 0; i < lines.size(); i++) {
        String line = lines.get(i).strip();
        if (!line.isEmpty()) {
          names.add(KernelModule.nameOf(checked(file, i, line)));
        }
      }
    }
    return names;
  }

  private static Map<String, String> findModules(Path directory) throws IOException {
    Map<String, String> paths = new LinkedHashMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      List<String> found =
          files
              .filter(file -> KernelModule.isModuleFile(file.toString()))
              .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
              .map(file -> directory.relativize(file).toString())
              .sorted()
              .toList();
      for (String path : found) {
        paths.put(KernelModule.nameOf(path), path);
      }
    } catch (UncheckedIOException e) {
      throw new IOException("Modules directory " + directory + " cannot be read", e);
    }
    return paths;
  }

  /** depmod writes relative paths; an absolute one or one that climbs out is not followed. */
  private static String checked(Path file, int index, String path) throws IOException {
    if (!KernelModule.isModuleFile(path)) {
      throw bad(file, index, "'" + abbreviate(path) + "' is not the path of a module");
    }
    if (path.startsWith("/") || Path.of(path).normalize().startsWith("..")) {
      throw bad(file, index, "'" + abbreviate(path) + "' leads out of the modules directory");
    }
    return path;
  }

  private static IOException bad(Path file, int index, String what) {
    return new IOException(file + ", line " + (index + 1) + ": " + what);
  }

  private static String abbreviate(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "...";
  }
}
