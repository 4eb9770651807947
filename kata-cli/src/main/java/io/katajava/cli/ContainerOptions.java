package io.katajava.cli;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerSecurity;
import io.katajava.MemorySize;
import io.katajava.Seccomp;
import io.katajava.Volume;
import io.katajava.agent.oci.OciCapability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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
      paramLabel = "K=V",
      description = "Set a variable of the command; may be given several times.")
  Map<String, String> env = new LinkedHashMap<>();

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
      description = "Drop a capability, or ALL but those added.")
  List<String> capDrop = new ArrayList<>();

  @Option(names = "--read-only", description = "Make the root filesystem read-only.")
  boolean readOnly;

  @Option(
      names = "--pids-limit",
      paramLabel = "N",
      description = "Most processes and threads in the container.")
  @Nullable Long pidsLimit;

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
      paramLabel = "HOST:GUEST[:rw]",
      description = {
        "A directory of the host in the container, read-only; with :rw what the command wrote is",
        "copied back to it. May be given several times."
      })
  List<String> volumes = new ArrayList<>();

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

  ContainerBuilder describe(ContainerBuilder builder) throws IOException {
    try {
      env.forEach(builder::env);
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
        builder.pidsLimit(pidsLimit);
      }
      if (memoryLimit != null) {
        builder.memoryLimit(memoryLimit);
      }
      if (cpus != null) {
        builder.cpus(cpus);
      }
      for (String volume : volumes) {
        volume(builder, volume);
      }
      for (String memory : memories) {
        String[] parts = parts("--tmpfs", "DIR:SIZE", memory);
        builder.volume(parts[0], Volume.tmpfs(MemorySize.parse(parts[1])));
      }
      for (String secret : secrets) {
        String[] parts = parts("--secret", "FILE:GUEST", secret);
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

  private static void volume(ContainerBuilder builder, String text) {
    boolean writable = text.endsWith(":rw");
    String[] parts =
        parts(
            "-v",
            "HOST:GUEST[:rw]",
            writable || text.endsWith(":ro") ? text.substring(0, text.length() - 3) : text);
    Volume.HostDirectory volume = Volume.hostDirectory(Path.of(parts[0]));
    if (!Files.isDirectory(volume.directory())) {
      throw new IllegalArgumentException("-v: " + parts[0] + " is no directory");
    }
    builder.volume(parts[1], writable ? volume.writable() : volume);
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

  private static OciCapability capability(String name) {
    String plain = name.toUpperCase(Locale.ROOT);
    String bare = plain.startsWith("CAP_") ? plain.substring(4) : plain;
    for (OciCapability capability : OciCapability.values()) {
      if (capability.name().equals(bare)) {
        return capability;
      }
    }
    throw new IllegalArgumentException("'" + name + "' is no capability; see capabilities(7)");
  }

  /** Checks all options, and the copies, before anything is started. */
  Map<Path, String> copies() throws IOException {
    describe(
        new ContainerBuilder(
            "check",
            unused -> {
              throw new IllegalStateException("only described");
            }));
    Map<Path, String> all = new LinkedHashMap<>();
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
      all.put(source, copy.substring(colon + 1));
    }
    return all;
  }

  static void copy(Map<Path, String> copies, Container container) {
    copies.forEach((source, target) -> container.files().copyIn(source, target));
  }
}
