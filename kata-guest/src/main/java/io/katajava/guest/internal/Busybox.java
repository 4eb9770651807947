package io.katajava.guest.internal;

import io.katajava.Deadline;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds a static busybox and asks it for its applets. */
final class Busybox {
  private static final Logger log = LoggerFactory.getLogger(Busybox.class);
  private static final String PACKAGE = "busybox-static";
  private static final List<String> PLACES = List.of("/bin/busybox", "/usr/bin/busybox");
  private static final String APPLETS = "/io/katajava/guest/busybox-applets.txt";

  private static final AptPackages.Wanted WANTED =
      new AptPackages.Wanted(
          "busybox",
          null,
          path -> path.endsWith("bin/busybox"),
          directory -> Files.isRegularFile(binary(directory)));

  private final GuestRecipe recipe;
  private final Host host;
  private final AptPackages packages;

  Busybox(GuestRecipe recipe, Host host, AptPackages packages) {
    this.recipe = recipe;
    this.host = host;
    this.packages = packages;
  }

  /**
   * A busybox.
   *
   * @param binary the program
   * @param source where it is from, for people
   */
  record Found(Path binary, String source) {}

  /** The given one, the host's, or Debian's; cheap when nothing has to be downloaded. */
  Found find() throws Unusable, IOException, InterruptedException {
    Optional<Path> given = recipe.busybox();
    if (given.isPresent()) {
      StaticBinary.require(given.get(), recipe.architecture());
      return new Found(given.get(), "given path");
    }
    List<String> reasons = new ArrayList<>();
    for (String place : PLACES) {
      Path binary = host.path(place);
      try {
        StaticBinary.require(binary, recipe.architecture());
        return new Found(binary, "the host's");
      } catch (Unusable e) {
        reasons.add(e.getMessage());
      }
    }
    try {
      return packaged();
    } catch (Unusable e) {
      reasons.add(e.getMessage());
      throw new Unusable(
          String.join("; ", reasons),
          e.remedy().isEmpty() ? "Install the package busybox-static" : e.remedy());
    }
  }

  /** Debian's; what was changed in the cache since it was unpacked is downloaded again, once. */
  private Found packaged() throws Unusable, IOException, InterruptedException {
    String debian = recipe.architecture().equals("aarch64") ? "arm64" : "amd64";
    List<String> names =
        List.of(
            recipe.architecture().equals(host.architecture()) ? PACKAGE : PACKAGE + ":" + debian);
    AptPackages.Unpacked unpacked = packages.provide(names, WANTED);
    try {
      return found(unpacked);
    } catch (Unusable | IOException e) {
      Optional<String> damage = packages.damage(names, unpacked.directory());
      if (damage.isEmpty()) {
        throw e;
      }
      log.warn("The busybox in the cache is damaged and is downloaded again: {}", damage.get());
      packages.discard(names);
      return found(packages.provide(names, WANTED));
    }
  }

  private Found found(AptPackages.Unpacked unpacked) throws Unusable, IOException {
    Path binary = binary(unpacked.directory());
    StaticBinary.require(binary, recipe.architecture());
    return new Found(binary, "Debian package " + unpacked.name() + " " + unpacked.version());
  }

  private static Path binary(Path directory) {
    Path binary = directory.resolve("bin/busybox");
    return Files.exists(binary) ? binary : directory.resolve("usr/bin/busybox");
  }

  /**
   * Its applets as relative paths, for example {@code usr/bin/env}. A busybox that cannot run here
   * is taken to have the applets of Debian 12's.
   */
  List<String> applets(Path binary, Path work, Deadline deadline)
      throws IOException, InterruptedException {
    if (recipe.architecture().equals(host.architecture())) {
      try {
        Command.Result listed =
            Command.run(work, deadline, List.of(binary.toString(), "--list-full"));
        if (listed.exit() == 0 && !listed.output().isBlank()) {
          return applets(listed.output());
        }
        log.warn("{} --list-full ended with {}; taking Debian's list", binary, listed.exit());
      } catch (IOException e) {
        log.warn("{} cannot be run here ({}); taking Debian's applets", binary, e.getMessage());
      }
    }
    try (InputStream in = Busybox.class.getResourceAsStream(APPLETS)) {
      if (in == null) {
        throw new IOException("The jar is incomplete: it has no " + APPLETS);
      }
      return applets(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  private static List<String> applets(String text) {
    return text.lines()
        .map(String::strip)
        .filter(line -> line.matches("(usr/)?s?bin/[A-Za-z0-9_.+\\[-]+"))
        .filter(line -> !line.equals("bin/busybox"))
        .distinct()
        .toList();
  }
}
