package io.katajava.internal.birth;

import io.katajava.BirthPolicy;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.MemorySize;
import io.katajava.SandboxSpec;
import io.katajava.TemplateInfo;
import io.katajava.TemplateStatus;
import io.katajava.TemplateStore;
import io.katajava.internal.container.VcpuRoom;
import io.katajava.internal.template.StoredImage;
import io.katajava.internal.template.TemplateShelf;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.TemplateTraits;
import io.katajava.spi.VmNetwork;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds templates for starts, and has them built. */
public final class Templates implements TemplateStore {
  private static final Logger log = LoggerFactory.getLogger(Templates.class);

  /** What must stay free beside a template's memory. */
  private static final long SPARE = MemorySize.mebibytes(64).bytes();

  private static final long POLL_MILLIS = 20;

  private static final Duration BUILD_END_LIMIT = Duration.ofSeconds(60);

  private final SandboxMaker maker;
  private final RuntimeServices services;
  private final TemplateShelf shelf;

  /** Keys whose build failed in this runtime: the background does not try them again. */
  private final Set<String> failed = ConcurrentHashMap.newKeySet();

  /** Keys of which it was said, once, that they have no template because none could be built. */
  private final Set<String> told = ConcurrentHashMap.newKeySet();

  private final BackgroundBuilds background = new BackgroundBuilds();

  public Templates(SandboxMaker maker, TemplateShelf shelf) {
    this.maker = maker;
    this.services = maker.services();
    this.shelf = shelf;
  }

  /** What a start uses; with {@link BirthPolicy#TEMPLATE_ON_DEMAND} built now if need be. */
  TemplateUse lookUp(BirthPolicy policy, VmSpec spec, Deadline deadline)
      throws InterruptedException {
    if (policy == BirthPolicy.COLD) {
      return new TemplateUse(
          null,
          "it was asked for",
          TemplateTraits.impossible(spec.sizes(), "nobody asked"),
          List.of());
    }
    TemplateTraits traits;
    try {
      traits = hypervisor().templateFor(spec);
    } catch (RuntimeException e) {
      // Whatever it is, the start itself says it better.
      String reason = "no template is possible: " + e.getMessage();
      return new TemplateUse(
          null, reason, TemplateTraits.impossible(spec.sizes(), reason), List.of());
    }
    TemplateUse usual = use(policy, spec, traits, deadline);
    StoredImage image = usual.image();
    if (image == null || spec.sizes().vcpus() <= VcpuRoom.of(image)) {
      return usual;
    }
    TemplateUse own = use(policy, spec, hypervisor().templateWithAllVcpus(spec), deadline);
    return own.image() != null
        ? own
        : own.why(
            own.why()
                + "; the guest's kernel takes no further vCPU while it runs, so that "
                + spec.sizes().vcpus()
                + " vCPUs need a template of their own");
  }

  private TemplateUse use(BirthPolicy policy, VmSpec spec, TemplateTraits traits, Deadline deadline)
      throws InterruptedException {
    if (traits.obstacle().isPresent()) {
      return new TemplateUse(
          null, "no template is possible: " + traits.obstacle().get(), traits, List.of());
    }
    List<String> key = key(traits, spec);
    Optional<StoredImage> found = shelf.find(key);
    if (found.isEmpty() && policy == BirthPolicy.TEMPLATE_ON_DEMAND) {
      found = Optional.of(buildOrWait(spec, traits, key, deadline));
    }
    return found
        .map(image -> new TemplateUse(image, "a template fits", traits, key))
        .orElseGet(() -> new TemplateUse(null, whyNone(key), traits, key));
  }

  /** That none was built yet is usual; that none could be built is told, here and once in a log. */
  private String whyNone(List<String> key) {
    Optional<String> failure = shelf.failure(key);
    if (failure.isEmpty()) {
      return "no template fits yet";
    }
    tell(TemplateShelf.idOf(key), failure.get());
    return "no template fits, because building one failed at " + failure.get();
  }

  private void tell(String id, String failure) {
    if (told.add(id)) {
      log.warn(
          "sandboxes are booted, because template {} could not be built at {}; 'kata template"
              + " build' tries again",
          id,
          failure);
    }
  }

  private Hypervisor hypervisor() {
    return services.hypervisor();
  }

  private static List<String> key(TemplateTraits traits, VmSpec spec) {
    List<String> key = new ArrayList<>();
    key.add("guest " + spec.guest().key());
    key.add(
        "sizes " + traits.sizes().vcpus() + " " + traits.sizes().memory().toMebibytes() + " MiB");
    key.addAll(traits.traits());
    return key;
  }

  /** A sandbox had to boot: those that follow need not. */
  void buildInBackground(VmSpec spec, TemplateUse use) {
    String id = TemplateShelf.idOf(use.key());
    if (use.key().isEmpty() || failed.contains(id)) {
      return;
    }
    Runnable build =
        () -> {
          try {
            build(spec, use.traits(), use.key());
          } catch (IOException | RuntimeException e) {
            if (!maker.open().isClosed() && failed.add(id)) {
              tell(id, shelf.failure(use.key()).orElse(Instant.now() + ": " + e.getMessage()));
            }
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    services.workers().executor().execute(() -> background.run(build));
  }

  /** The runtime ends: what is built in the background is given up, and its draft removed. */
  public void close() {
    try {
      if (!background.end(BUILD_END_LIMIT)) {
        log.warn(
            "a template build has not ended within {} s; its draft in {} is removed by a later"
                + " runtime",
            BUILD_END_LIMIT.toSeconds(),
            shelf.root());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private StoredImage buildOrWait(
      VmSpec spec, TemplateTraits traits, List<String> key, Deadline deadline)
      throws InterruptedException {
    try {
      while (true) {
        Optional<StoredImage> built = build(spec, traits, key);
        if (built.isEmpty()) {
          built = shelf.find(key);
        }
        if (built.isPresent()) {
          return built.get();
        }
        if (deadline.isExpired()) {
          throw new KataException(
              ErrorCode.TIMEOUT,
              "the template "
                  + TemplateShelf.idOf(key)
                  + ", which another start or process builds, was not ready after "
                  + deadline.allowed().toSeconds()
                  + " s",
              Details.none().withRemedy("Raise startTimeout(...)"));
        }
        // Another process may be the one; the kernel tells when a file lock is free only by giving
        // it away.
        Thread.sleep(POLL_MILLIS);
      }
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          "a template cannot be built in " + shelf.root() + ": " + e.getMessage(),
          Details.none()
              .withCause(e)
              .withRemedy("Set Kata.builder().templates(...) to a directory you can write"));
    }
  }

  /** Builds; empty while somebody else does, or when it has just been built. */
  private Optional<StoredImage> build(VmSpec spec, TemplateTraits traits, List<String> key)
      throws IOException, InterruptedException {
    Optional<TemplateShelf.Draft> begun = shelf.begin(key);
    if (begun.isEmpty()) {
      return Optional.empty();
    }
    try (TemplateShelf.Draft draft = begun.get()) {
      Optional<StoredImage> meanwhile = shelf.find(key);
      if (meanwhile.isPresent()) {
        return meanwhile;
      }
      StoredImage built = built(draft, spec, traits, key);
      log.info("template {} is built", TemplateShelf.idOf(key));
      return Optional.of(built);
    }
  }

  /** Whoever boots for want of this template, in this process or another, can say why. */
  private StoredImage built(
      TemplateShelf.Draft draft, VmSpec spec, TemplateTraits traits, List<String> key)
      throws IOException, InterruptedException {
    try {
      requireRoom(draft.directory(), traits);
      new TemplateBuild(maker, new VmSpec("template", traits.sizes(), spec.guest()), key)
          .into(draft.directory());
      return draft.publish();
    } catch (IOException | RuntimeException e) {
      boolean wanted =
          e instanceof KataException known
              && (known.code() == ErrorCode.CLOSED || known.code() == ErrorCode.INTERRUPTED);
      if (!wanted && !maker.open().isClosed() && !Thread.currentThread().isInterrupted()) {
        shelf.noteFailure(key, String.valueOf(e.getMessage()));
      }
      throw e;
    }
  }

  private static void requireRoom(Path directory, TemplateTraits traits) throws IOException {
    long room = Files.getFileStore(directory).getUsableSpace();
    long needed = traits.sizes().memory().bytes() + SPARE;
    if (room < needed) {
      throw new IOException(
          "there is room for "
              + MemorySize.bytes(room)
              + " but a template may need "
              + MemorySize.bytes(needed));
    }
  }

  /** A template of which no machine could be made. */
  void discard(StoredImage image) {
    shelf.remove(String.valueOf(image.directory().getFileName()));
  }

  public void removeAbandoned() {
    shelf.removeAbandoned();
  }

  @Override
  public Path directory() {
    return shelf.root();
  }

  @Override
  public List<TemplateInfo> list() {
    List<TemplateInfo> all = new ArrayList<>();
    for (StoredImage image : shelf.list()) {
      try {
        all.add(info(image));
      } catch (IOException e) {
        log.debug("{} has no whole manifest", image.directory(), e);
      }
    }
    return all;
  }

  private static TemplateInfo info(StoredImage image) throws IOException {
    return new TemplateInfo(
        String.valueOf(image.directory().getFileName()),
        (int) image.manifest().number(TemplateBuild.VCPUS),
        MemorySize.mebibytes(image.manifest().number(TemplateBuild.MEMORY)),
        Instant.ofEpochMilli(image.manifest().number(TemplateBuild.CREATED)),
        TemplateShelf.lastUsed(image),
        MemorySize.bytes(image.bytes()),
        image.directory());
  }

  private static TemplateInfo known(StoredImage image) {
    try {
      return info(image);
    } catch (IOException e) {
      throw new KataException(
          ErrorCode.HOST_UNSUITABLE,
          image.directory() + " is no longer a valid template: " + e.getMessage(),
          Details.none().withCause(e));
    }
  }

  @Override
  public TemplateInfo build(SandboxSpec spec) {
    Deadline deadline = Deadline.after(spec.startTimeout());
    try {
      VmSpec wanted = services.vmSpec(spec, "template", VmNetwork.NONE, deadline);
      TemplateUse use = lookUp(BirthPolicy.TEMPLATE_ON_DEMAND, wanted, deadline);
      StoredImage image = use.image();
      if (image == null) {
        throw new KataException(ErrorCode.INVALID_CONFIGURATION, use.why());
      }
      return known(image);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(ErrorCode.INTERRUPTED, "interrupted while building a template", e);
    }
  }

  @Override
  public TemplateStatus status(SandboxSpec spec) {
    Deadline deadline = Deadline.after(spec.startTimeout());
    try {
      VmSpec wanted = services.vmSpec(spec, "template", VmNetwork.NONE, deadline);
      TemplateUse use = lookUp(BirthPolicy.TEMPLATE_IF_PRESENT, wanted, deadline);
      return new TemplateStatus(
          Optional.ofNullable(use.image()).map(Templates::known),
          use.traits().obstacle(),
          use.traits().attachedLater());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new KataException(ErrorCode.INTERRUPTED, "interrupted while looking at templates", e);
    }
  }

  @Override
  public boolean remove(String id) {
    if (!id.matches("[0-9a-f]{32}")) {
      return false;
    }
    return shelf.remove(id);
  }
}
