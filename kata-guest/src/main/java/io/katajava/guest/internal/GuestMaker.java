package io.katajava.guest.internal;

import io.katajava.Choice;
import io.katajava.Deadline;
import io.katajava.guest.InitrdCompression;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes what is not in the cache: the kernel as it is booted, and the initrd. */
final class GuestMaker {
  private static final Logger log = LoggerFactory.getLogger(GuestMaker.class);
  private static final int MAX_IMAGE = 512 << 20;

  private final GuestRecipe recipe;
  private final CacheDirectory cache;
  private final AgentBinary agent;
  private final Busybox busyboxes;
  private final Deadline deadline;

  GuestMaker(
      GuestRecipe recipe,
      CacheDirectory cache,
      AgentBinary agent,
      Busybox busyboxes,
      Deadline deadline) {
    this.recipe = recipe;
    this.cache = cache;
    this.agent = agent;
    this.busyboxes = busyboxes;
    this.deadline = deadline;
  }

  /**
   * What shortens a boot without taking anything from the guest. Under TCG, of 1.66 s with one
   * vCPU: crypto self-tests 0.25 s, rewriting lock prefixes for one processor 0.1 s, waiting for
   * timer ticks 0.04 s.
   */
  static List<String> parameters(String architecture) {
    return architecture.equals("x86_64")
        ? List.of("cryptomgr.notests", "noreplace-smp", "no_timer_check")
        : List.of("cryptomgr.notests");
  }

  GuestCache.Guest make(
      KernelFinder.Found kernel, Optional<Busybox.Found> busybox, List<String> rejected)
      throws Unusable, IOException, InterruptedException {
    long start = System.nanoTime();
    List<Choice> choices = new ArrayList<>();
    byte[] bytes = readImage(kernel.image());
    KernelImage image = new KernelImage(bytes, kernel.image().toString());
    String release = release(kernel, image);
    choices.add(
        new Choice(
            "kernel",
            release,
            kernel.source()
                + (rejected.isEmpty() ? "" : "; not " + String.join("; not ", rejected))));
    Path bootable = bootable(kernel.image(), bytes, image, choices);
    InitrdLayout layout = new InitrdLayout(agent.read());
    choices.add(new Choice("agent", agent.describe(), "becomes /init"));
    PauseProgram.forArchitecture(recipe.architecture()).ifPresent(layout::pause);
    Map<String, List<Path>> modules = addModules(kernel, release, layout, choices);
    if (busybox.isPresent()) {
      Path binary = busybox.get().binary();
      layout.busybox(
          Files.readAllBytes(binary), busyboxes.applets(binary, cache.temporary(), deadline));
      choices.add(new Choice("busybox", binary.toString(), busybox.get().source()));
    }
    recipe.files().forEach(layout::file);
    GuestCache.Guest guest = write(bootable, layout, modules, choices);
    log.info(
        "Built guest initrd {} for kernel {} in {} ms",
        guest.initrd(),
        release,
        (System.nanoTime() - start) / 1_000_000);
    return guest;
  }

  private static byte[] readImage(Path image) throws Unusable, IOException {
    if (Files.size(image) > MAX_IMAGE) {
      throw new Unusable(image + " has more than " + MAX_IMAGE + " bytes: not a kernel");
    }
    return Files.readAllBytes(image);
  }

  private String release(KernelFinder.Found kernel, KernelImage image) throws Unusable {
    if (recipe.architecture().equals("x86_64") && !image.isBzImage() && !image.isVmlinux()) {
      throw new Unusable(kernel.image() + " is neither a bzImage nor a vmlinux");
    }
    Optional<String> inImage = image.release();
    Optional<String> ofModules = kernel.modules().map(path -> path.getFileName().toString());
    if (inImage.isPresent() && ofModules.isPresent() && !inImage.equals(ofModules)) {
      throw new Unusable(
          kernel.image()
              + " is release "
              + inImage.get()
              + " but its modules are of "
              + ofModules.get());
    }
    return inImage.or(() -> ofModules).orElse("of unknown release");
  }

  /** The vmlinux inside, where QEMU can enter it directly; else the image as it is. */
  private Path bootable(Path file, byte[] bytes, KernelImage image, List<Choice> choices)
      throws Unusable, IOException {
    if (!recipe.architecture().equals("x86_64")) {
      choices.add(new Choice("kernel image", file.toString(), "as it is"));
      return file;
    }
    if (image.isVmlinux()) {
      if (!Elf.parse(bytes, file.toString()).hasPvhEntry()) {
        throw new Unusable(
            file + " is a vmlinux without PVH entry, which QEMU does not boot",
            "Use its bzImage, or build it with CONFIG_PVH=y");
      }
      choices.add(new Choice("kernel image", file.toString(), "vmlinux, entered by PVH"));
      return file;
    }
    if (!recipe.unpackKernel()) {
      choices.add(new Choice("kernel image", file.toString(), "bzImage, as asked"));
      return file;
    }
    Path vmlinux = cache.path("vmlinux").resolve(Digests.of(bytes).substring(0, 24));
    byte[] elf;
    try {
      elf = image.vmlinux();
      if (!Elf.parse(elf, file.toString()).hasPvhEntry()) {
        choices.add(new Choice("kernel image", file.toString(), "bzImage without PVH entry"));
        return file;
      }
    } catch (KernelImage.CutOff e) {
      throw new Unusable(String.valueOf(e.getMessage()));
    } catch (IOException | RuntimeException e) {
      // The guest has its own decoder, and knows what it was built with.
      log.warn("The guest unpacks its kernel itself, which takes longer: {}", e.getMessage());
      choices.add(
          new Choice(
              "kernel image",
              file.toString(),
              "bzImage, which unpacks itself in the guest, because " + e.getMessage()));
      return file;
    }
    if (!Files.isRegularFile(vmlinux) || !Digests.of(vmlinux).equals(Digests.of(elf))) {
      cache.writeBytes(vmlinux, elf);
    }
    choices.add(
        new Choice(
            "kernel image",
            vmlinux.toString(),
            "vmlinux unpacked from " + file.getFileName() + ", entered by PVH"));
    return vmlinux;
  }

  /** Fills the initrd, and returns what is kept beside it. */
  private Map<String, List<Path>> addModules(
      KernelFinder.Found kernel, String release, InitrdLayout layout, List<Choice> choices)
      throws Unusable, IOException {
    if (kernel.modules().isEmpty()) {
      if (!recipe.modules().isEmpty()) {
        throw new Unusable(
            "modules " + recipe.modules() + " are wanted, but the kernel comes without modules");
      }
      choices.add(
          new Choice(
              "modules", "none", "this kernel has everything built in that the guest needs"));
      return Map.of();
    }
    ModuleGraph graph = ModuleGraph.open(kernel.modules().get());
    GuestModules modules = GuestModules.select(graph, release, recipe.modules());
    layout.modules(modules);
    choices.add(
        new Choice(
            "modules",
            modules.files().size() + " files",
            modules.missing() == 0
                ? "default set"
                : modules.missing() + " left out because they cannot be read"));
    return new ModuleFiles(cache).of(graph, modules.loadedAtBoot());
  }

  private GuestCache.Guest write(
      Path kernel, InitrdLayout layout, Map<String, List<Path>> modules, List<Choice> choices)
      throws IOException {
    Path unfinished = cache.newFile("initrd");
    try {
      MessageDigest digest = Digests.sha256();
      try (OutputStream file =
              new BufferedOutputStream(Files.newOutputStream(unfinished), 1 << 17);
          OutputStream digested = new DigestOutputStream(file, digest);
          OutputStream packed =
              recipe.compression() == InitrdCompression.GZIP
                  ? new GZIPOutputStream(digested, 1 << 16)
                  : digested) {
        layout.write(new NewcWriter(packed));
      }
      String sha256 = Digests.hex(digest);
      // QEMU may run as another user than the one who built it.
      Files.setPosixFilePermissions(unfinished, PosixFilePermissions.fromString("rw-r--r--"));
      Path initrd =
          cache
              .path("initrd")
              .resolve(sha256.substring(0, 24) + "." + recipe.compression().suffix());
      choices.add(new Choice("initrd", initrd.toString(), Files.size(unfinished) + " bytes"));
      cache.publish(unfinished, initrd);
      return new GuestCache.Guest(
          kernel, Digests.of(kernel), initrd, sha256, modules, List.copyOf(choices));
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }
}
