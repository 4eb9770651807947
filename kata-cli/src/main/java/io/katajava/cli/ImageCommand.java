package io.katajava.cli;

import io.katajava.KataDirectories;
import io.katajava.MemorySize;
import io.katajava.image.Garbage;
import io.katajava.image.Image;
import io.katajava.image.ImageReference;
import io.katajava.image.ImageStore;
import io.katajava.image.Platform;
import io.katajava.image.RegistryOptions;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata image}: the images on this host. */
@Command(
    name = "image",
    description = "Pull, list, import, export and remove images.",
    subcommands = {
      ImageCommand.Pull.class,
      ImageCommand.Show.class,
      ImageCommand.Inspect.class,
      ImageCommand.Import.class,
      ImageCommand.Export.class,
      ImageCommand.Remove.class,
      ImageCommand.Collect.class
    },
    synopsisSubcommandLabel = "COMMAND",
    footer = {"", "Examples:", "  kata image pull busybox", "  kata image list"})
final class ImageCommand {
  ImageCommand() {}

  /** How registries are reached. */
  static final class RegistryMixin {
    @Option(
        names = "--registry-ca",
        paramLabel = "FILE",
        description = "Trust the authorities of this PEM file, too. May be repeated.")
    List<Path> certificates = new ArrayList<>();

    @Option(
        names = "--insecure-registry",
        paramLabel = "HOST",
        description = "Allow this registry to do without TLS or without a trusted certificate.")
    List<String> insecure = new ArrayList<>();

    @Option(
        names = "--registry-mirror",
        paramLabel = "HOST=MIRROR",
        description = "Ask MIRROR before the registry HOST. May be repeated.")
    List<String> mirrors = new ArrayList<>();

    @Spec(Spec.Target.MIXEE)
    CommandSpec spec;

    @SuppressWarnings("NullAway.Init")
    RegistryMixin() {}

    ImageStore store() {
      RegistryOptions.Builder options = RegistryOptions.builder();
      certificates.forEach(options::certificates);
      insecure.forEach(options::insecure);
      for (String each : mirrors) {
        int equals = each.indexOf('=');
        if (equals < 1) {
          throw new ParameterException(
              spec.commandLine(), "a mirror is written HOST=MIRROR, got '" + each + "'");
        }
        options.mirror(each.substring(0, equals), each.substring(equals + 1));
      }
      return ImageStore.builder()
          .directory(KataDirectories.fromEnvironment().cache().resolve("images"))
          .registries(options.build())
          .build();
    }
  }

  private static ImageStore store() {
    return ImageStore.open();
  }

  static ImageReference reference(CommandSpec spec, String text) {
    try {
      return ImageReference.parse(text);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  /** {@code kata image pull}. */
  @Command(
      name = "pull",
      description = "Pull an image from its registry.",
      footer = {
        "",
        "The credentials are those of 'docker login' and its helpers. A pull that was interrupted",
        "goes on where it stopped.",
        "",
        "Examples:",
        "  kata image pull busybox",
        "  kata image pull --registry-ca ca.pem registry.example:5000/team/app:1.2"
      })
  static final class Pull implements Callable<Integer> {
    @Spec CommandSpec spec;
    @Mixin RegistryMixin registry;

    @Option(
        names = "--platform",
        paramLabel = "OS/ARCH",
        description = "For another platform than this host's, for example linux/arm64.")
    @Nullable String platform;

    @Parameters(paramLabel = "IMAGE", description = "The image's name.")
    String name;

    @SuppressWarnings("NullAway.Init")
    Pull() {}

    @Override
    public Integer call() {
      ImageReference reference = reference(spec, name);
      Platform wanted;
      try {
        wanted = platform == null ? Platform.host() : Platform.parse(platform);
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), e.getMessage(), e);
      }
      Image image;
      try (ProgressBars bars = ProgressBars.on(spec)) {
        image = registry.store().pull(reference, wanted, bars);
      }
      print(spec, image.reference().familiar() + " " + image.digest());
      return ExitCodes.DONE;
    }
  }

  /** {@code kata image list}. */
  @Command(
      name = "list",
      description = "List the images.",
      footer = {"", "Examples:", "  kata image list"})
  static final class Show implements Callable<Integer> {
    @Spec CommandSpec spec;

    @SuppressWarnings("NullAway.Init")
    Show() {}

    @Override
    public Integer call() {
      List<List<String>> rows = new ArrayList<>();
      rows.add(List.of("IMAGE", "DIGEST", "PLATFORM", "LAYERS", "SIZE"));
      for (Image image : store().list()) {
        rows.add(
            List.of(
                image.reference().familiar(),
                image.digest().shortHex(),
                image.platform().toString(),
                String.valueOf(image.layers().size()),
                size(image.size())));
      }
      PrintWriter out = spec.commandLine().getOut();
      out.print(TextTable.of(rows));
      out.flush();
      return ExitCodes.DONE;
    }
  }

  /** {@code kata image inspect}. */
  @Command(
      name = "inspect",
      description = "Show an image's configuration and layers as JSON.",
      footer = {"", "Examples:", "  kata image inspect busybox:latest"})
  static final class Inspect implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Parameters(paramLabel = "IMAGE", description = "The image's name.")
    String name;

    @SuppressWarnings("NullAway.Init")
    Inspect() {}

    @Override
    public Integer call() {
      print(spec, ImageJson.of(found(spec, name)).strip());
      return ExitCodes.DONE;
    }
  }

  /** {@code kata image import}. */
  @Command(
      name = "import",
      description = "Import an OCI layout, a 'docker save' archive or a root filesystem.",
      footer = {
        "",
        "SOURCE is a directory or a tar archive. --name names an image that has none.",
        "",
        "Examples:",
        "  docker save app:1 > app.tar && kata image import app.tar",
        "  kata image import --name my/root rootfs.tar.gz"
      })
  static final class Import implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(names = "--name", paramLabel = "IMAGE", description = "The image's name in the store.")
    @Nullable String name;

    @Parameters(paramLabel = "SOURCE", description = "The file or directory.")
    Path source;

    @SuppressWarnings("NullAway.Init")
    Import() {}

    @Override
    public Integer call() {
      ImageReference called = name == null ? null : reference(spec, name);
      List<Image> images;
      try (ProgressBars bars = ProgressBars.on(spec)) {
        images = store().importFrom(source, called, bars);
      }
      images.forEach(image -> print(spec, image.reference().familiar() + " " + image.digest()));
      return ExitCodes.DONE;
    }
  }

  /** {@code kata image export}. */
  @Command(
      name = "export",
      description = "Write an image as a tar archive of an OCI layout.",
      footer = {"", "Examples:", "  kata image export busybox:latest busybox.tar"})
  static final class Export implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Parameters(index = "0", paramLabel = "IMAGE", description = "The image's name.")
    String name;

    @Parameters(
        index = "1",
        paramLabel = "FILE",
        description = "The archive; an existing file is replaced.")
    Path target;

    @SuppressWarnings("NullAway.Init")
    Export() {}

    @Override
    public Integer call() {
      store().export(reference(spec, name), target);
      return ExitCodes.DONE;
    }
  }

  /** {@code kata image remove}. */
  @Command(
      name = "remove",
      description = "Remove names of images; 'kata image gc' frees what no name needs.",
      footer = {"", "Examples:", "  kata image remove busybox:latest"})
  static final class Remove implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "The images' names.")
    List<String> names = new ArrayList<>();

    @SuppressWarnings("NullAway.Init")
    Remove() {}

    @Override
    public Integer call() {
      boolean all = true;
      for (String name : names) {
        if (!store().remove(reference(spec, name))) {
          spec.commandLine().getErr().println("kata: there is no image " + name);
          all = false;
        }
      }
      spec.commandLine().getErr().flush();
      return all ? ExitCodes.DONE : ExitCodes.OWN_FAILURE;
    }
  }

  /** {@code kata image gc}. */
  @Command(
      name = "gc",
      description = "Remove content that no image needs.",
      footer = {
        "",
        "Running sandboxes keep what they have open.",
        "",
        "Examples:",
        "  kata image gc",
        "  kata image gc --older 24h"
      })
  static final class Collect implements Callable<Integer> {
    @Spec CommandSpec spec;

    @Option(
        names = "--older",
        paramLabel = "DUR",
        description = "Only what is older than this. Default: 10m.")
    Duration older = Duration.ofMinutes(10);

    @SuppressWarnings("NullAway.Init")
    Collect() {}

    @Override
    public Integer call() {
      Garbage garbage = store().collectGarbage(older);
      print(spec, "removed " + garbage.files() + " files, " + size(garbage.size().bytes()));
      return ExitCodes.DONE;
    }
  }

  private static Image found(CommandSpec spec, String name) {
    ImageReference reference = reference(spec, name);
    return store()
        .find(reference)
        .orElseThrow(
            () ->
                new io.katajava.KataException(
                    io.katajava.ErrorCode.IMAGE_NOT_FOUND,
                    "there is no image " + reference.familiar() + "; pull or import it"));
  }

  static void print(CommandSpec spec, String line) {
    spec.commandLine().getOut().println(line);
    spec.commandLine().getOut().flush();
  }

  /** Three digits are enough for people. */
  static String size(long bytes) {
    double value = bytes;
    for (String unit : List.of("B", "KiB", "MiB", "GiB")) {
      if (value < 1024 || unit.equals("GiB")) {
        return (unit.equals("B") || value >= 100
                ? String.format(java.util.Locale.ROOT, "%.0f", value)
                : String.format(java.util.Locale.ROOT, "%.1f", value))
            + " "
            + unit;
      }
      value /= 1024;
    }
    return MemorySize.bytes(bytes).toString();
  }
}
