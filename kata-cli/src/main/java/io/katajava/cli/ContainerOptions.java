package io.katajava.cli;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerLimits;
import io.katajava.ContainerSecurity;
import io.katajava.DirectorySharing;
import io.katajava.MemorySize;
import io.katajava.Seccomp;
import io.katajava.Volume;
import io.katajava.WritableLayer;
import io.katajava.agent.oci.OciCapability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of commands that make a container. */
final class ContainerOptions {
  @Spec(Spec.Target.MIXEE)
  CommandSpec spec;

  @Option(
      names = {"-e", "--env"},
      paramLabel = "K[=V]",
      description = {
        "Set a variable of the command, or give it this process's; may be given several times."
      })
  List<String> variables = new ArrayList<>();

  @Option(
      names = {"-w", "--workdir"},
      paramLabel = "DIR",
      description = "Working directory in the container.")
  @Nullable String workdir;

  @Option(
      names = {"-u", "--user"},
      paramLabel = "USER",
      description = "User in the container: name, uid, name:group or uid:gid.")
  @Nullable String user;

  @Option(
      names = "--cap-add",
      paramLabel = "CAP",
      split = ",",
      description = "Add a capability, for example NET_ADMIN; may be given several times.")
  List<String> capAdd = new ArrayList<>();

  @Option(
      names = "--cap-drop",
      paramLabel = "CAP",
      split = ",",
      description = "Drop a capability, or ALL but those of --cap-add.")
  List<String> capDrop = new ArrayList<>();

  @Option(names = "--read-only", description = "Make the root filesystem read-only.")
  boolean readOnly;

  @Option(
      names = "--pids-limit",
      paramLabel = "N",
      description = {
        "Most processes and threads in the container, or 'unlimited' (default: "
            + ContainerLimits.DEFAULT_PIDS
            + ")."
      })
  @Nullable String pidsLimit;

  @Option(
      names = "--memory-limit",
      paramLabel = "SIZE",
      description = "Most memory of the container, for example 64M.")
  @Nullable MemorySize memoryLimit;

  @Option(
      names = "--cpus",
      paramLabel = "N",
      description = "Most CPU time of the container, for example 0.5.")
  @Nullable Double cpus;

  @Option(
      names = "--seccomp",
      paramLabel = "FILE",
      description = "System call filter in OCI JSON, or 'unconfined' for none.")
  @Nullable String seccomp;

  @Option(
      names = "--cp",
      paramLabel = "SRC:DST",
      description =
          "Copy a file or directory into the container before the command runs; may be given"
              + " several times.")
  List<String> copies = new ArrayList<>();

  @Option(
      names = {"-v", "--volume"},
      paramLabel = "SOURCE:GUEST[:OPTION]",
      description = {
        "A directory of the host (a path), :ro (default) or :rw, or a named disk, which stays (a",
        "name), :rw (default) or :ro. A disk is made when it is first used, with 1 GiB or",
        ":size=SIZE; its root directory belongs to :uid=UID and :gid=GID (default: root). May be",
        "given several times."
      })
  List<String> volumes = new ArrayList<>();

  @Option(
      names = "--directories",
      paramLabel = "HOW",
      description = {
        "How directories of -v reach the container: share (by virtio-fs), copy (in, and back on",
        "close), auto (share if the host has a virtiofsd that may confine itself, else copy, and",
        "say why). Default: auto."
      })
  String directories = "auto";

  @Option(
      names = "--writable-layer",
      paramLabel = "[disk:]SIZE",
      description = {
        "How much the container may write besides volumes, in memory or on a disk of its own.",
        "Default: as much as the guest's memory holds."
      })
  @Nullable String writableLayer;

  @Option(
      names = "--tmpfs",
      paramLabel = "DIR:SIZE",
      description = "An empty directory in memory, for example /work:64M.")
  List<String> memories = new ArrayList<>();

  @Option(
      names = "--secret",
      paramLabel = "FILE:GUEST",
      description = {
        "A file of the host that only the container's user may read, kept in guest memory."
      })
  List<String> secrets = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  ContainerOptions() {}

  /** A sandbox needs not be one that shares if there is nothing to share. */
  DirectorySharing sharing() {
    boolean any;
    try {
      any =
          volumes.stream()
              .map(VolumeOption::parse)
              .anyMatch(option -> option.volume() instanceof Volume.HostDirectory);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    DirectorySharing how =
        switch (directories) {
          case "share" -> DirectorySharing.VIRTIO_FS;
          case "copy" -> DirectorySharing.COPY;
          case "auto" -> DirectorySharing.VIRTIO_FS_OR_COPY;
          default ->
              throw new ParameterException(
                  spec.commandLine(),
                  "--directories is share, copy or auto, got '" + directories + "'");
        };
    return any ? how : DirectorySharing.COPY;
  }

  ContainerBuilder describe(ContainerBuilder builder) throws IOException {
    try {
      if (writableLayer != null) {
        builder.writableLayer(
            writableLayer.startsWith("disk:")
                ? WritableLayer.disk(MemorySize.parse(writableLayer.substring("disk:".length())))
                : WritableLayer.memory(MemorySize.parse(writableLayer)));
      }
      new Variables(System.getenv()).of(variables).forEach(builder::env);
      if (workdir != null) {
        builder.workdir(workdir);
      }
      if (user != null) {
        builder.user(user);
      }
      if (readOnly) {
        builder.readOnlyRoot();
      }
      if (pidsLimit != null) {
        limitPids(builder, pidsLimit);
      }
      if (memoryLimit != null) {
        builder.memoryLimit(memoryLimit);
      }
      if (cpus != null) {
        builder.cpus(cpus);
      }
      Destinations destinations = new Destinations();
      for (String volume : volumes) {
        VolumeOption option = VolumeOption.parse(volume);
        destinations.take("-v", option.guest());
        builder.volume(option.guest(), option.volume());
      }
      for (String memory : memories) {
        String[] parts = parts("--tmpfs", "DIR:SIZE", memory);
        destinations.take("--tmpfs", parts[0]);
        builder.volume(parts[0], Volume.tmpfs(MemorySize.parse(parts[1])));
      }
      for (String secret : secrets) {
        String[] parts = parts("--secret", "FILE:GUEST", secret);
        destinations.take("--secret", parts[1]);
        byte[] content = Files.readAllBytes(Path.of(parts[0]));
        builder.secret(parts[1], content);
        Arrays.fill(content, (byte) 0);
      }
      Seccomp filter = filter();
      return builder.security(settings -> secure(settings, filter));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private static String[] parts(String option, String form, String text) {
    int colon = text.lastIndexOf(':');
    if (colon <= 0 || colon == text.length() - 1) {
      throw new IllegalArgumentException(option + " takes " + form + ", got '" + text + "'");
    }
    return new String[] {text.substring(0, colon), text.substring(colon + 1)};
  }

  private Seccomp filter() throws IOException {
    if (seccomp == null) {
      return Seccomp.standard();
    }
    return seccomp.equals("unconfined") ? Seccomp.unconfined() : Seccomp.read(Path.of(seccomp));
  }

  private void secure(ContainerSecurity.Builder settings, Seccomp filter) {
    settings.seccomp(filter);
    for (String name : capDrop) {
      if (name.equalsIgnoreCase("ALL")) {
        settings.dropAllCapabilities();
      } else {
        settings.dropCapabilities(capability(name));
      }
    }
    for (String name : capAdd) {
      settings.addCapabilities(capability(name));
    }
  }

  private static void limitPids(ContainerBuilder builder, String limit) {
    if (limit.equals("unlimited") || limit.equals("-1")) {
      builder.unlimitedPids();
      return;
    }
    try {
      builder.pidsLimit(Long.parseLong(limit));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException(
          "--pids-limit takes a number or 'unlimited', got '" + limit + "'", e);
    }
  }

  private static OciCapability capability(String name) {
    String plain = name.toUpperCase(Locale.ROOT);
    String bare = plain.startsWith("CAP_") ? plain.substring(4) : plain;
    for (OciCapability capability : OciCapability.values()) {
      if (capability.name().equals(bare)) {
        return capability;
      }
    }
    throw new IllegalArgumentException("'" + name + "' is not a capability; see capabilities(7)");
  }

  /**
   * A file or directory of the host, and where it is to be in the container.
   *
   * @param source of the host
   * @param target an absolute path in the container
   */
  record Copy(Path source, String target) {}

  /** What {@code --cp} says, in its order, checked before anything is started. */
  List<Copy> copies() {
    Destinations destinations = new Destinations();
    List<Copy> all = new ArrayList<>();
    for (String copy : copies) {
      int colon = copy.lastIndexOf(':');
      if (colon <= 0 || !copy.startsWith("/", colon + 1)) {
        throw new ParameterException(
            spec.commandLine(), "--cp takes SRC:DST with an absolute DST, got '" + copy + "'");
      }
      Path source = Path.of(copy.substring(0, colon));
      if (!Files.exists(source)) {
        throw new ParameterException(spec.commandLine(), "--cp: there is no " + source);
      }
      String target = copy.substring(colon + 1);
      if (!Files.isDirectory(source)) {
        // What is in several directories may well come together in one.
        try {
          destinations.take("--cp", target);
        } catch (IllegalArgumentException e) {
          throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
      }
      all.add(new Copy(source, target));
    }
    return all;
  }

  static void copy(List<Copy> copies, Container container) {
    copies.forEach(copy -> container.files().copyIn(copy.source(), copy.target()));
  }
}
