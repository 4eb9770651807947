package io.katajava.internal.engine;

import io.katajava.Choice;
import io.katajava.ContainerBuilder;
import io.katajava.ContainerFiles.CopyOptions;
import io.katajava.ContainerFiles.Links;
import io.katajava.ContainerSpec;
import io.katajava.ContainerSpec.EmptyDirectory;
import io.katajava.ErrorCode;
import io.katajava.InjectedFile;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Volume;
import io.katajava.agent.AgentClient;
import io.katajava.agent.FileChunk;
import io.katajava.agent.oci.OciMount;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volumes and injected files of one container. Directories of the host are copied by a second
 * container, the carrier, that has nothing but them: the container itself may have them read-only,
 * may have ended, and need not be trusted to copy.
 */
final class ContainerVolumes {
  private static final Logger log = LoggerFactory.getLogger(ContainerVolumes.class);
  private static final String CARRIED = "/v";

  private final String containerId;
  private final boolean ofCopy;
  private final ContainerSpec spec;
  private final Map<String, Carried> carried = new LinkedHashMap<>();
  private @Nullable VmContainer carrier;

  /** A directory of the host: its name in the guest, and where the carrier has it. */
  private record Carried(String name, String at, Volume.HostDirectory volume) {}

  ContainerVolumes(String containerId, ContainerSpec spec) {
    this(containerId, spec, false);
  }

  /** Those of a container that was copied with its guest: what is written there stays there. */
  static ContainerVolumes ofCopy(String containerId, ContainerSpec spec) {
    return new ContainerVolumes(containerId, spec, true);
  }

  private ContainerVolumes(String containerId, ContainerSpec spec, boolean ofCopy) {
    this.containerId = containerId;
    this.ofCopy = ofCopy;
    this.spec = spec;
    spec.files()
        .volumes()
        .forEach(
            (path, volume) -> {
              if (volume instanceof Volume.HostDirectory host) {
                int number = carried.size();
                carried.put(path, new Carried("v." + SandboxIds.next(), CARRIED + number, host));
              }
            });
  }

  /** Whether there is something that only this JVM can bring in or back. */
  boolean needsThisJvm() {
    return !carried.isEmpty() || !spec.files().injected().isEmpty();
  }

  /** The directories in guest memory that must be there first. */
  List<EmptyDirectory> directories() {
    List<EmptyDirectory> all = new ArrayList<>();
    spec.files()
        .volumes()
        .forEach(
            (path, volume) -> {
              Carried host = carried.get(path);
              if (host != null) {
                all.add(new EmptyDirectory(host.name(), path, Optional.empty()));
              } else if (volume instanceof Volume.Memory memory) {
                memory
                    .name()
                    .ifPresent(name -> all.add(new EmptyDirectory(name, path, memory.limit())));
              }
            });
    return all;
  }

  /** What is mounted into the container, {@link #directories()} among it. */
  List<OciMount> mounts() {
    List<OciMount> mounts = new ArrayList<>();
    for (EmptyDirectory directory : directories()) {
      Carried host = carried.get(directory.path());
      List<String> options = new ArrayList<>(List.of("rbind", "rslave", "nosuid", "nodev"));
      if (host != null && !host.volume().isWritable()) {
        options.add("ro");
      }
      mounts.add(
          OciMount.of(
              directory.path(),
              "bind",
              AgentPaths.volume(directory.name()),
              options.toArray(String[]::new)));
    }
    spec.files()
        .volumes()
        .forEach(
            (path, volume) ->
                ContainerDisks.mountPoint(volume)
                    .ifPresent(at -> mounts.add(onDisk(path, at, volume))));
    spec.files()
        .volumes()
        .forEach(
            (path, volume) -> {
              if (volume instanceof Volume.Memory memory && memory.name().isEmpty()) {
                List<String> options = new ArrayList<>(List.of("nosuid", "nodev", "mode=1777"));
                memory.limit().ifPresent(limit -> options.add("size=" + limit.bytes()));
                mounts.add(OciMount.of(path, "tmpfs", "tmpfs", options.toArray(String[]::new)));
              }
            });
    int number = 0;
    for (InjectedFile file : spec.files().injected().values()) {
      mounts.add(
          OciMount.of(
              file.path(),
              "bind",
              AgentPaths.injected(containerId, number++),
              "bind",
              "ro",
              "nosuid",
              "nodev",
              "noexec"));
    }
    return mounts;
  }

  private static OciMount onDisk(String path, String at, Volume volume) {
    boolean writable =
        volume instanceof Volume.NamedDisk named
            ? named.isWritable()
            : ((Volume.DiskImage) volume).isWritable();
    List<String> options = new ArrayList<>(List.of("rbind", "rslave", "nosuid", "nodev"));
    if (!writable) {
      options.add("ro");
    }
    return OciMount.of(path, "bind", at, options.toArray(String[]::new));
  }

  /** Copies everything in; the sandbox exists, the container does not yet. */
  void copyIn(AgentClient client, Function<ContainerSpec, VmContainer> creator) {
    for (Carried host : carried.values()) {
      requireDirectory(host.volume().directory());
    }
    int number = 0;
    for (InjectedFile file : spec.files().injected().values()) {
      put(client, file, AgentPaths.injected(containerId, number++));
    }
    if (carried.isEmpty()) {
      return;
    }
    ContainerBuilder builder =
        new ContainerBuilder(
            "v." + SandboxIds.next(),
            unused -> {
              throw new IllegalStateException("only its description is used");
            });
    carried.values().forEach(host -> builder.emptyDirectory(host.name(), host.at()));
    VmContainer made = creator.apply(builder.spec());
    carrier = made;
    made.start();
    carried
        .values()
        .forEach(
            host -> made.files().copyIn(host.volume().directory(), host.at(), CopyOptions.DEFAULT));
  }

  private void requireDirectory(Path directory) {
    if (!Files.isDirectory(directory)) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "volume " + directory + " of container " + spec.name() + " is no directory of the host",
          Details.none().withRemedy("Make it first, or name another one"));
    }
  }

  private void put(AgentClient client, InjectedFile file, String path) {
    String user = spec.process().user().orElse("0");
    // Inside a user namespace a number is another one than in the guest.
    boolean named = !user.matches("\\d{1,9}(:\\d{1,9})?") || spec.kernel().idMappings().isPresent();
    String[] numbers = named ? new String[] {"0"} : user.split(":", 2);
    byte[] content = file.content();
    try {
      client
          .files()
          .copy(
              new FileChunk(
                  path,
                  content.length,
                  FileChunk.REGULAR | (named && file.isSecret() ? 0444 : file.permissions()),
                  0700,
                  file.isSecret() ? Integer.parseInt(numbers[0]) : 0,
                  file.isSecret() && numbers.length > 1 ? Integer.parseInt(numbers[1]) : 0,
                  0,
                  ByteBuffer.wrap(content)));
    } finally {
      Arrays.fill(content, (byte) 0);
    }
  }

  /**
   * Copies back what the container may have written. A container that has ended is not asked.
   *
   * @throws KataException with {@link ErrorCode#COPY_FAILED}; the rest was copied all the same
   */
  void copyBack() {
    VmContainer made = carrier;
    KataException failure = null;
    for (Carried host : carried.values()) {
      if (made != null && host.volume().isWritable()) {
        try {
          made.files()
              .copyOut(
                  host.at(),
                  host.volume().directory(),
                  new CopyOptions(Optional.empty(), Links.SKIP));
        } catch (KataException e) {
          failure = e;
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Gives the guest its memory back. */
  void discard(AgentClient client) {
    VmContainer made = carrier;
    carrier = null;
    if (made != null) {
      empty(made);
      made.close();
    }
    forget(client);
  }

  /** The directories stay until the sandbox ends; what is in them need not. */
  private void empty(VmContainer made) {
    try {
      made.exec("sh", "-c", "rm -rf " + CARRIED + "*/* " + CARRIED + "*/.[!.]*");
    } catch (RuntimeException e) {
      log.debug("volumes of container {} stay in the guest: {}", containerId, e.toString());
    }
  }

  /** There is no call that deletes; an empty file in its place frees the memory. */
  private void forget(AgentClient client) {
    for (int number = 0; number < spec.files().injected().size(); number++) {
      try {
        client
            .files()
            .copy(
                new FileChunk(
                    AgentPaths.injected(containerId, number),
                    0,
                    FileChunk.REGULAR | 0400,
                    0700,
                    0,
                    0,
                    0,
                    ByteBuffer.allocate(0)));
      } catch (RuntimeException e) {
        log.debug("a file of container {} stays in the guest: {}", containerId, e.toString());
      }
    }
  }

  /** What became of the directories and disks of the host. */
  List<Choice> choices() {
    List<Choice> all = new ArrayList<>();
    for (Carried host : carried.values()) {
      all.add(
          new Choice(
              "volume " + host.volume().directory(),
              became(host.volume()),
              "no file system is shared with the guest"));
    }
    for (Volume volume : spec.files().volumes().values()) {
      if (volume instanceof Volume.NamedDisk disk) {
        all.add(onDisk(disk.name(), disk.isWritable(), "it stays when the sandbox ends"));
      } else if (volume instanceof Volume.DiskImage disk) {
        all.add(onDisk(disk.image().toString(), disk.isWritable(), "it was asked for"));
      }
    }
    return all;
  }

  private static Choice onDisk(String what, boolean writable, String why) {
    return new Choice(
        "volume " + what, writable ? "a disk of this machine" : "a read-only disk", why);
  }

  private String became(Volume.HostDirectory volume) {
    if (ofCopy) {
      return "as the sandbox it was copied with had it; nothing is copied back";
    }
    return volume.isWritable()
        ? "copied into guest memory, and back on close"
        : "copied into guest memory, read-only";
  }
}
