package io.katajava.internal.birth;

import io.katajava.Birth;
import io.katajava.BirthPolicy;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxSpec;
import io.katajava.base.files.TreeRemoval;
import io.katajava.internal.container.ContainerRecord;
import io.katajava.internal.disk.DraftNotes;
import io.katajava.internal.ledger.SandboxIds;
import io.katajava.internal.records.RecordJson;
import io.katajava.internal.sandbox.VmSandbox;
import io.katajava.internal.template.ImageManifest;
import io.katajava.internal.template.StoredImage;
import io.katajava.spi.Ending;
import io.katajava.spi.TemplateTraits;
import io.katajava.spi.TrustedDirectory;
import io.katajava.spi.VmNetwork;
import io.katajava.spi.VmSizes;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A sandbox in a directory: written, and made to run again. */
public final class SandboxSnapshot {
  private static final Logger log = LoggerFactory.getLogger(SandboxSnapshot.class);

  /** First line of a snapshot's manifest. */
  private static final String FORMAT = "kata-java-snapshot 2";

  /** How traits begin that differ between hosts of the same kind. */
  private static final String OF_THE_HOST = "host ";

  private final SandboxMaker maker;
  private final RuntimeServices services;

  public SandboxSnapshot(SandboxMaker maker) {
    this.maker = maker;
    this.services = maker.services();
  }

  void write(VmSandbox sandbox, Path directory) {
    Path target = directory.toAbsolutePath();
    Path draft = target.resolveSibling(".draft-" + SandboxIds.next());
    try {
      if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
        throw new FileAlreadyExistsException(target.toString());
      }
      DraftNotes.Note note = services.drafts().note(draft);
      try {
        Files.createDirectory(
            draft,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        writeInto(sandbox, draft);
        Files.move(draft, target, StandardCopyOption.ATOMIC_MOVE);
        note.close();
      } catch (IOException | RuntimeException | Error e) {
        new Ending("the snapshot " + target)
            .step(
                "removing its draft",
                () -> {
                  TreeRemoval.of(draft);
                  note.close();
                })
            .addTo(e);
        throw e;
      }
    } catch (FileAlreadyExistsException e) {
      throw new KataException(
          ErrorCode.INVALID_STATE,
          "the snapshot of sandbox "
              + sandbox.id()
              + " cannot be written: there is already "
              + target,
          Details.none()
              .withSandbox(sandbox.id())
              .withCause(e)
              .withRemedy("Give a path that does not exist, or remove what is there"));
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "the snapshot of sandbox " + sandbox.id() + " cannot be written to " + target + ": " + e,
          Details.none()
              .withSandbox(sandbox.id())
              .withCause(e)
              .withRemedy("Give a path in a directory you can write"));
    }
  }

  private void writeInto(VmSandbox sandbox, Path draft) throws IOException {
    SandboxFork copying = new SandboxFork(maker, sandbox);
    copying.requireCopyable("saved");
    if (!sandbox.parts().spec().networking().equals(SandboxSpec.Networking.NONE)) {
      throw new KataException(
          ErrorCode.INVALID_STATE,
          "sandbox " + sandbox.id() + " has networks or names, which a snapshot cannot contain",
          Details.none()
              .withSandbox(sandbox.id())
              .withRemedy("Fork it, or start it without a network"));
    }
    List<String> bound = sandbox.members().bound();
    if (!bound.isEmpty()) {
      throw new KataException(
          ErrorCode.INVALID_STATE,
          "sandbox "
              + sandbox.id()
              + " is not saved: a snapshot does not carry the directories of the host, files and"
              + " secrets that its containers "
              + bound
              + " have from this JVM",
          Details.none()
              .withSandbox(sandbox.id())
              .withRemedy("Copy them in with files(), or close those containers first"));
    }
    Map<String, String> values = new LinkedHashMap<>();
    values.put("created", Instant.now().toString());
    values.put("sandbox", sandbox.id());
    values.put("agent", sandbox.session().link().agentVersion());
    VmSizes sizes = sandbox.parts().vmSpec().sizes();
    values.put("vcpus", String.valueOf(sizes.vcpus()));
    values.put("memory-mebibytes", String.valueOf(sizes.memory().toMebibytes()));
    sandbox.members().madePidHolder().ifPresent(holder -> values.put("pid-holder", holder));
    List<ContainerRecord> containers = sandbox.members().copyable();
    for (int i = 0; i < containers.size(); i++) {
      values.put("container." + i, RecordJson.write(containers.get(i)).strip());
    }
    values.put("containers", String.valueOf(containers.size()));
    List<String> traits = traits(sandbox.parts().vmSpec());
    Path state = draft.resolve(StoredImage.STATE);
    Duration pause = copying.save(state, Deadline.after(sandbox.parts().spec().startTimeout()));
    log.debug("[{}] stood still for {} ms to be saved", sandbox.id(), pause.toMillis());
    try (FileChannel channel = FileChannel.open(state, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
    StoredImage.seal(draft, FORMAT, sandbox.parts().vm().hardware(), values, traits);
  }

  /** What must be equal where it is restored; files of the host may lie elsewhere there. */
  private List<String> traits(VmSpec spec) {
    TemplateTraits traits = services.hypervisor().templateFor(spec);
    traits
        .obstacle()
        .ifPresent(
            obstacle -> {
              throw new KataException(
                  ErrorCode.INVALID_STATE,
                  "a sandbox with these settings cannot be restored: " + obstacle);
            });
    List<String> portable = new ArrayList<>();
    portable.add("architecture " + HostArchitecture.current());
    portable.add("guest " + spec.guest().key());
    traits.traits().stream().filter(trait -> !trait.startsWith(OF_THE_HOST)).forEach(portable::add);
    return portable;
  }

  public Sandbox restore(Path directory) {
    Deadline deadline = Deadline.after(SandboxSpec.DEFAULT_START_TIMEOUT);
    // The hypervisor loads what is there, and runs the guest whose memory it is.
    TrustedDirectory.require("snapshot", directory);
    try {
      StoredImage image = StoredImage.open(directory.toAbsolutePath(), FORMAT);
      ImageManifest manifest = image.manifest();
      VmSizes sizes =
          new VmSizes(
              (int) manifest.number("vcpus"),
              MemorySize.mebibytes(manifest.number("memory-mebibytes")));
      VmSpec vmSpec = services.vmSpec(described(sizes), "snapshot", VmNetwork.NONE, deadline);
      requireSame(manifest.traits(), traits(vmSpec));
      image.verifyWhole();
      return revived(image, vmSpec, deadline);
    } catch (IOException e) {
      throw unusable(directory, e.getMessage(), e);
    } catch (IllegalArgumentException e) {
      throw unusable(directory, "its manifest is invalid: " + e.getMessage(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(ErrorCode.INTERRUPTED, "interrupted while restoring a snapshot", e);
    }
  }

  private static SandboxSpec described(VmSizes sizes) {
    return SandboxSpec.builder()
        .vcpus(sizes.vcpus())
        .memory(sizes.memory())
        .birth(BirthPolicy.COLD)
        .build();
  }

  private static KataException unusable(
      Path directory, @org.jspecify.annotations.Nullable String why, Exception e) {
    return new KataException(
        ErrorCode.SNAPSHOT_UNUSABLE,
        "the snapshot " + directory + " cannot be restored: " + why,
        Details.none().withCause(e));
  }

  /** Names the first difference, which is usually the only one. */
  private static void requireSame(List<String> theirs, List<String> ours) throws IOException {
    for (int i = 0; i < Math.max(theirs.size(), ours.size()); i++) {
      String their = i < theirs.size() ? theirs.get(i) : "nothing";
      String our = i < ours.size() ? ours.get(i) : "nothing";
      if (!their.equals(our)) {
        throw new IOException(
            "it was made with '" + their + "', but this runtime has '" + our + "'");
      }
    }
  }

  private Sandbox revived(StoredImage image, VmSpec vmSpec, Deadline deadline)
      throws IOException, InterruptedException {
    ImageManifest manifest = image.manifest();
    List<ContainerRecord> containers = new ArrayList<>();
    for (int i = 0; i < manifest.number("containers"); i++) {
      containers.add(RecordJson.read(ContainerRecord.class, manifest.require("container." + i)));
    }
    return SandboxRevival.of(
        maker,
        described(vmSpec.sizes()),
        new SandboxRevival.Source(
            image.image(),
            manifest.require("agent"),
            vmSpec,
            containers,
            manifest.value("pid-holder"),
            new Birth(
                Birth.Kind.SNAPSHOT,
                "restored from "
                    + image.directory()
                    + ", made of sandbox "
                    + manifest.require("sandbox")
                    + " at "
                    + manifest.require("created"))),
        deadline);
  }
}
