package io.katajava.internal.container;

import io.katajava.Choice;
import io.katajava.ContainerBuilder;
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
import io.katajava.internal.ledger.SandboxIds;
import io.katajava.internal.link.AgentPaths;
import io.katajava.internal.oci.UserNumbers;
import io.katajava.internal.tar.HostSnapshot;
import io.katajava.internal.tree.OpenDirectory;
import io.katajava.spi.Ending;
import io.katajava.spi.Rootfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The volumes and injected files of one container. Directories of the host are copied by a second
 * container, the carrier, that has nothing but them: the container itself may have them read-only,
 * may have ended, and need not be trusted to copy.
 */
public final class ContainerVolumes {
  private static final Logger log = LoggerFactory.getLogger(ContainerVolumes.class);
  private static final String CARRIED = "/v";
  private static final int ANY_EXECUTE = 0111;

  private final String containerId;
  private final boolean ofCopy;
  private final Map<Volume.HostDirectory, Rootfs.Mount> shared;
  private final ContainerSpec spec;
  private final Map<String, Carried> carried = new LinkedHashMap<>();

  /** What writable directories had in them, by their names in the guest. */
  private final Map<String, HostSnapshot> before = new ConcurrentHashMap<>();

  private @Nullable VmContainer carrier;

  /** A directory of the host: its name in the guest, and where the carrier has it. */
  private record Carried(String name, String at, Volume.HostDirectory volume) {}

  /**
   * Those of a new container.
   *
   * @param shared directories that need not be copied, and what the agent mounts for each
   */
  ContainerVolumes(
      String containerId, ContainerSpec spec, Map<Volume.HostDirectory, Rootfs.Mount> shared) {
    this(containerId, spec, shared, false);
  }

  /** Those of a container that was copied with its guest: what is written there stays there. */
  static ContainerVolumes ofCopy(String containerId, ContainerSpec spec) {
    return new ContainerVolumes(containerId, spec, Map.of(), true);
  }

  private ContainerVolumes(
      String containerId,
      ContainerSpec spec,
      Map<Volume.HostDirectory, Rootfs.Mount> shared,
      boolean ofCopy) {
    this.shared = shared;
    this.containerId = containerId;
    this.ofCopy = ofCopy;
    this.spec = spec;
    spec.files()
        .volumes()
        .forEach(
            (path, volume) -> {
              if (volume instanceof Volume.HostDirectory host && !shared.containsKey(host)) {
                int number = carried.size();
                carried.put(path, new Carried("v." + SandboxIds.next(), CARRIED + number, host));
              }
            });
  }

  /** Whether there is something that only this JVM can bring in or back. */
  boolean needsThisJvm() {
    return !carried.isEmpty() || !shared.isEmpty() || !spec.files().injected().isEmpty();
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
      Volume volume = spec.files().volumes().get(directory.path());
      mounts.add(
          bound(
              directory.path(),
              AgentPaths.volume(directory.name()),
              volume == null || isWritable(volume)));
    }
    spec.files()
        .volumes()
        .forEach(
            (path, volume) -> {
              mountPoint(volume).ifPresent(at -> mounts.add(bound(path, at, isWritable(volume))));
              if (volume instanceof Volume.Memory memory && memory.name().isEmpty()) {
                List<String> options = new ArrayList<>(List.of("nosuid", "nodev", "mode=1777"));
                memory.limit().ifPresent(limit -> options.add("size=" + limit.bytes()));
                mounts.add(OciMount.of(path, "tmpfs", "tmpfs", options.toArray(String[]::new)));
              }
            });
    int number = 0;
    for (InjectedFile file : spec.files().injected().values()) {
      List<String> options = new ArrayList<>(List.of("bind", "ro", "nosuid", "nodev"));
      if ((file.permissions() & ANY_EXECUTE) == 0) {
        options.add("noexec");
      }
      mounts.add(
          OciMount.of(
              file.path(),
              "bind",
              AgentPaths.injected(containerId, number++),
              options.toArray(String[]::new)));
    }
    return mounts;
  }

  /** Where the guest has what is behind a device; empty for a volume without one. */
  private Optional<String> mountPoint(Volume volume) {
    return volume instanceof Volume.HostDirectory host
        ? Optional.ofNullable(shared.get(host)).map(Rootfs.Mount::mountPoint)
        : ContainerDisks.mountPoint(volume);
  }

  private static OciMount bound(String path, String at, boolean writable) {
    List<String> options = new ArrayList<>(List.of("rbind", "rslave", "nosuid", "nodev"));
    if (!writable) {
      options.add("ro");
    }
    return OciMount.of(path, "bind", at, options.toArray(String[]::new));
  }

  /** Whether what a container writes there is to outlive it. */
  static boolean isWrittenOnHost(Volume volume) {
    return !(volume instanceof Volume.Memory) && isWritable(volume);
  }

  private static boolean isWritable(Volume volume) {
    if (volume instanceof Volume.HostDirectory host) {
      return host.isWritable();
    } else if (volume instanceof Volume.DiskImage image) {
      return image.isWritable();
    }
    return !(volume instanceof Volume.NamedDisk named) || named.isWritable();
  }

  /** Copies everything in; the sandbox exists, the container does not yet. */
  void copyIn(AgentClient client, Function<ContainerSpec, VmContainer> creator) {
    for (Carried host : carried.values()) {
      requireDirectory(host.volume().directory(), spec.name());
    }
    int number = 0;
    for (InjectedFile file : spec.files().injected().values()) {
      put(client, file, AgentPaths.injected(containerId, number++));
    }
    if (carried.isEmpty()) {
      return;
    }
    ContainerBuilder builder = ContainerSpec.builder("v." + SandboxIds.next());
    carried.values().forEach(host -> builder.emptyDirectory(host.name(), host.at()));
    VmContainer made = creator.apply(builder.spec());
    carrier = made;
    made.start();
    for (Carried host : carried.values()) {
      HostSnapshot notes = new HostSnapshot();
      try (OpenDirectory directory = open(host.volume().directory())) {
        made.copyIn(directory, host.at(), notes);
      }
      if (host.volume().isWritable()) {
        before.put(host.name(), notes);
      }
    }
  }

  /** Opens a directory of the host, through links: somebody named it. */
  private static OpenDirectory open(Path directory) {
    try {
      return OpenDirectory.of(directory);
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.COPY_FAILED,
          "volume " + directory + " cannot be opened: " + e.getMessage(),
          Details.none().withCause(e));
    }
  }

  /** Copies back into the very directory that was copied, not into what has its name by now. */
  private static void copyBack(VmContainer made, Carried host, HostSnapshot notes) {
    Path path = host.volume().directory();
    try (OpenDirectory directory = open(path)) {
      if (!notes.isOf(directory)) {
        throw new KataException(
            ErrorCode.COPY_FAILED,
            "what a container wrote to volume "
                + path
                + " was not copied back: the path now leads to another directory",
            Details.none()
                .withRemedy(
                    "Do not replace a directory that is a volume before the container has ended"));
      }
      made.copyBack(host.at(), directory, notes);
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.COPY_FAILED,
          "volume " + path + " cannot be written: " + e.getMessage(),
          Details.none().withCause(e));
    }
  }

  public static void requireDirectory(Path directory, String container) {
    if (!Files.isDirectory(directory)) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "volume " + directory + " of container " + container + " is not a directory of the host",
          Details.none().withRemedy("Create the directory first, or name another one"));
    }
  }

  private void put(AgentClient client, InjectedFile file, String path) {
    String user = spec.process().user().orElse("0");
    // Inside a user namespace a number is another one than in the guest.
    boolean named =
        !Arrays.stream(user.split(":", -1)).allMatch(UserNumbers::isOne)
            || spec.kernel().idMappings().isPresent();
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
                  file.isSecret() ? Integer.parseUnsignedInt(numbers[0]) : 0,
                  file.isSecret() && numbers.length > 1 ? Integer.parseUnsignedInt(numbers[1]) : 0,
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
    Ending all = new Ending("copying back");
    for (Carried host : carried.values()) {
      if (made != null && host.volume().isWritable()) {
        HostSnapshot snapshot = before.get(host.name());
        if (snapshot != null) {
          all.step(
              "copying back to " + host.volume().directory(), () -> copyBack(made, host, snapshot));
        }
      }
    }
    all.orThrow();
  }

  /** Gives the guest its memory back. */
  void discard(AgentClient client) {
    VmContainer made = carrier;
    carrier = null;
    Ending all = new Ending("the volumes of container " + spec.name());
    if (made != null) {
      all.step("emptying them", () -> empty(made));
      all.step("closing their carrier", made::close);
    }
    all.step("emptying injected files", () -> forget(client));
    all.orThrow();
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
    for (Volume.HostDirectory host : shared.keySet()) {
      all.add(
          new Choice(
              "volume " + host.directory(),
              host.isWritable() ? "shared by virtio-fs" : "shared by virtio-fs, read-only",
              "the sandbox shares directories"));
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
      return "copied together with its sandbox; nothing is copied back";
    }
    return volume.isWritable()
        ? "copied into guest memory, and back on close"
        : "copied into guest memory, read-only";
  }
}
