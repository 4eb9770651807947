package io.katajava.guest.internal;

import io.katajava.Deadline;
import io.katajava.base.host.ProgramSearch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Linux's source as Debian packages it ({@code linux-source}), and its configuration. */
final class KernelSources {
  private static final String PACKAGE = "linux-source";
  private static final Pattern VERSIONED = Pattern.compile("linux-source-\\d[A-Za-z0-9.+~-]*");
  private static final String HEADER = "/usr/include/gelf.h";
  private static final List<String> TOOLS =
      List.of("make", "gcc", "ld", "objcopy", "flex", "bison", "bc", "tar", "xz", "nice");

  private static final String PACKAGES =
      "Install the packages make gcc libc6-dev flex bison bc libelf-dev xz-utils";

  private final Host host;
  private final AptPackages packages;
  private final Deadline deadline;

  KernelSources(Host host, AptPackages packages, Deadline deadline) {
    this.host = host;
    this.packages = packages;
    this.deadline = deadline;
  }

  /**
   * The packaged source.
   *
   * @param archive a tar file, compressed by xz
   * @param version the package's
   */
  record Archive(Path archive, String version) {}

  /**
   * Says what is missing of what the build runs.
   *
   * @throws Unusable with the packages that have it
   */
  void requireTools() throws Unusable {
    List<String> missing = new ArrayList<>();
    for (String tool : TOOLS) {
      if (ProgramSearch.onPath(host.searchPath()).find(tool).isEmpty()) {
        missing.add(tool);
      }
    }
    if (!Files.exists(host.path(HEADER))) {
      missing.add(HEADER);
    }
    if (!missing.isEmpty()) {
      throw new Unusable(
          "building the kernel needs programs or files that are missing: "
              + String.join(", ", missing),
          PACKAGES);
    }
  }

  /** From the cache, or downloaded: 140 MB. */
  Archive archive() throws Unusable, IOException, InterruptedException {
    AptPackages.Unpacked unpacked =
        packages.provide(
            List.of(PACKAGE),
            new AptPackages.Wanted(
                "source of Linux",
                VERSIONED,
                path -> path.startsWith("usr/src/linux-source-") && path.endsWith(".tar.xz"),
                directory -> archive(directory).isPresent()));
    return archive(unpacked.directory())
        .map(archive -> new Archive(archive, unpacked.version()))
        .orElseThrow(() -> new Unusable("there is no source of Linux in " + unpacked.directory()));
  }

  private static Optional<Path> archive(Path unpacked) {
    try (Stream<Path> files = Files.list(unpacked.resolve("usr/src"))) {
      return files.filter(file -> file.toString().endsWith(".tar.xz")).findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Unpacks.
   *
   * @param directory an existing directory, which becomes the root of the source
   * @param members glob patterns of what to unpack; none for everything
   */
  void unpack(Archive archive, Path directory, List<String> members)
      throws Unusable, IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                tool("tar"),
                "--extract",
                "--xz",
                "--strip-components=1",
                "--no-same-owner",
                "--file=" + archive.archive()));
    if (!members.isEmpty()) {
      command.add("--wildcards");
      command.addAll(members);
    }
    require(directory, command);
  }

  /**
   * Configures for our options and everything they need, and nothing else.
   *
   * @param source the root of the source
   * @param build an existing directory for what is made
   * @param fragment the options
   * @return what {@code .config} then says
   * @throws Unusable when an option of ours is lost
   */
  KernelOptions configure(Path source, Path build, String fragment)
      throws Unusable, IOException, InterruptedException {
    Path file = build.resolve("wanted.config");
    Files.writeString(file, fragment);
    require(build, make(source, build, "KCONFIG_ALLCONFIG=" + file, "allnoconfig"));
    KernelOptions resolved = KernelOptions.parse(Files.readString(build.resolve(".config")));
    List<String> lost = KernelOptions.parse(fragment).lostIn(resolved);
    if (!lost.isEmpty()) {
      throw new Unusable(
          "this source does not take the options "
              + String.join(" ", lost)
              + ": they are unknown to it, or what they depend on is off");
    }
    return resolved;
  }

  /** Compiles, at low priority; takes minutes. */
  void compile(Path source, Path build, int jobs)
      throws Unusable, IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of(tool("nice"), "-n", "10"));
    command.addAll(make(source, build, "-j" + jobs, "vmlinux"));
    require(build, command);
    // The symbols are in System.map; the table in the file is only more to load.
    require(build, List.of(tool("objcopy"), "--strip-all", "vmlinux", "vmlinux.stripped"));
  }

  private List<String> make(Path source, Path build, String... more) throws Unusable {
    List<String> command = new ArrayList<>(List.of(tool("make"), "-s", "-C", source.toString()));
    command.add("O=" + build);
    // The same source gives the same kernel, whoever builds it, whenever, wherever.
    command.add("KBUILD_BUILD_USER=kata");
    command.add("KBUILD_BUILD_HOST=kata");
    command.add("KBUILD_BUILD_TIMESTAMP=1970-01-01");
    command.addAll(List.of(more));
    return command;
  }

  private String tool(String name) throws Unusable {
    return ProgramSearch.onPath(host.searchPath())
        .find(name)
        .orElseThrow(() -> new Unusable(name + " is not on PATH", PACKAGES))
        .toString();
  }

  private void require(Path directory, List<String> command)
      throws IOException, InterruptedException {
    Command.Result result = Command.run(directory, deadline, command);
    if (result.exit() != 0) {
      throw new IOException(
          "'"
              + String.join(" ", command)
              + "' ended with "
              + result.exit()
              + ": "
              + result.error());
    }
  }
}
