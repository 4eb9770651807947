package io.katajava.config.internal;

import io.katajava.config.ConfigurationProblem;
import io.katajava.config.Origin;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Which files a configuration is read from: the main one, then the drop-ins. */
public final class ConfigurationFiles {
  /** The variable that names the file. */
  public static final String FILE_VARIABLE = "KATA_CONF_FILE";

  /** The directory of drop-ins, beside the file. */
  public static final String DROP_IN_DIRECTORY = "config.d";

  private final @Nullable Path named;
  private final @Nullable List<Path> dropIns;
  private final List<Path> searchPath;
  private final Map<String, String> environment;
  private final Consumer<ConfigurationProblem> problems;

  /**
   * Prepares the search.
   *
   * @param named the file, when it was named
   * @param dropIns the directories of drop-ins, when they were named
   * @param searchPath where to look when nothing names the file
   * @param environment where the variable is looked for
   * @param problems is told what is wrong
   */
  public ConfigurationFiles(
      @Nullable Path named,
      @Nullable List<Path> dropIns,
      List<Path> searchPath,
      Map<String, String> environment,
      Consumer<ConfigurationProblem> problems) {
    this.named = named;
    this.dropIns = dropIns;
    this.searchPath = searchPath;
    this.environment = environment;
    this.problems = problems;
  }

  /**
   * Finds the files.
   *
   * @return the main file first; empty after a problem was told
   */
  public List<Path> find() {
    Path main = main();
    if (main == null) {
      return List.of();
    }
    List<Path> files = new ArrayList<>(List.of(main));
    List<Path> directories = dropIns;
    if (directories == null) {
      directories = List.of(resolved(main).resolveSibling(DROP_IN_DIRECTORY));
    }
    for (Path directory : directories) {
      boolean mayBeAbsent = dropIns == null;
      if (Files.isDirectory(directory)) {
        files.addAll(dropInsOf(directory));
      } else if (!mayBeAbsent || Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
        problems.accept(
            ConfigurationProblem.error(
                Origin.file(directory),
                "",
                Files.exists(directory)
                    ? "is not a directory of drop-ins"
                    : "cannot be read: there is no such directory",
                "",
                ""));
      }
    }
    return files;
  }

  private @Nullable Path main() {
    if (named != null) {
      return named;
    }
    String variable = environment.get(FILE_VARIABLE);
    if (variable != null && !variable.isEmpty()) {
      return Path.of(variable);
    }
    for (Path candidate : searchPath) {
      if (Files.exists(candidate)) {
        return candidate;
      }
    }
    problems.accept(
        ConfigurationProblem.error(
            new Origin(Origin.Kind.DEFAULT, "configuration.toml", 0, 0),
            "",
            "is at none of the usual places, and " + FILE_VARIABLE + " does not name one",
            "",
            String.join(", ", searchPath.stream().map(Path::toString).toList())));
    return null;
  }

  private static Path resolved(Path main) {
    try {
      return main.toRealPath();
    } catch (IOException e) {
      // Reading it will tell why.
      return main.toAbsolutePath();
    }
  }

  private List<Path> dropInsOf(Path directory) {
    List<Path> found = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory, "*.toml")) {
      entries.forEach(found::add);
    } catch (IOException | DirectoryIteratorException e) {
      problems.accept(
          ConfigurationProblem.error(
              Origin.file(directory), "", "cannot be listed: " + e.getMessage(), "", ""));
    }
    found.sort(Comparator.comparing(path -> path.getFileName().toString()));
    return found;
  }
}
