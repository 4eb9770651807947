package io.katajava.base.host;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where programs are looked for: directories in order. Only absolute ones count, so that what is
 * found does not depend on where the process happens to be. Immutable.
 */
public final class ProgramSearch {
  private final Path root;
  private final List<String> directories;

  private ProgramSearch(Path root, List<String> directories) {
    this.root = root;
    this.directories = List.copyOf(directories);
  }

  /**
   * In these directories.
   *
   * @param directories in order
   * @return the search
   */
  public static ProgramSearch in(List<String> directories) {
    return new ProgramSearch(
        Path.of("/"), directories.stream().filter(each -> each.startsWith("/")).toList());
  }

  /**
   * In the directories of a variable like {@code PATH}.
   *
   * @param path directories, separated by colons
   * @return the search
   */
  public static ProgramSearch onPath(String path) {
    return in(List.of(path.split(File.pathSeparator, -1)));
  }

  /**
   * On the {@code PATH} of this process.
   *
   * @return the search
   */
  public static ProgramSearch onPath() {
    return onPath(System.getenv().getOrDefault("PATH", ""));
  }

  /**
   * Then in these directories, too.
   *
   * @param more in order
   * @return the longer search
   */
  public ProgramSearch then(List<String> more) {
    List<String> all = new ArrayList<>(directories);
    all.addAll(in(more).directories);
    return new ProgramSearch(root, all);
  }

  /**
   * The same in a tree that stands for a host.
   *
   * @param tree what is the root there
   * @return the search below it
   */
  public ProgramSearch below(Path tree) {
    return new ProgramSearch(tree, directories);
  }

  /**
   * Looks.
   *
   * @param name the program's file name
   * @return the first executable file of that name
   */
  public Optional<Path> find(String name) {
    return directories.stream()
        .map(directory -> root.resolve(directory.substring(1)).resolve(name))
        .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
        .findFirst();
  }
}
