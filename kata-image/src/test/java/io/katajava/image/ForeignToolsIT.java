package io.katajava.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.TarImage;
import com.google.cloud.tools.jib.api.buildplan.AbsoluteUnixPath;
import com.google.cloud.tools.jib.api.buildplan.ImageFormat;
import io.katajava.Deadline;
import io.katajava.ProgressListener;
import io.katajava.image.testing.FileTree;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Archives and layouts that other tools write, beside what umoci makes of the same image. */
class ForeignToolsIT {
  private static final ImageReference NAME = ImageReference.parse("example.test/foreign:1");

  /** Others cannot give files away, nor make devices. */
  private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

  @TempDir static Path directory;
  private static Path layout;
  private static Map<String, String> expected;

  @TempDir Path own;

  @BeforeAll
  static void unpackWithUmoci() throws Exception {
    LayerBuilder lower =
        new LayerBuilder()
            .directory("usr")
            .directory("usr/bin")
            .file("usr/bin/old", "old")
            .symlink("bin", "usr/bin")
            .directory("etc")
            .file("etc/one", "one")
            .file("etc/gone", "gone")
            .hardLink("etc/hard", "etc/one")
            .entry("shared/", '5', 01777, ROOT ? 1000 : 0, ROOT ? 1001 : 0, "", new byte[0])
            .file("shared/old", "old")
            .entry("pipe", '6', 0640, 0, 0, "", new byte[0])
            .file("setuid", 04755, 0, 0, "x".getBytes(UTF_8));
    if (ROOT) {
      lower.character("zero", 1, 5);
    }
    LayerBuilder upper =
        new LayerBuilder()
            .file("bin/tool", 0755, 0, 0, "tool".getBytes(UTF_8))
            .whiteout("etc/gone")
            .whiteout("bin/old")
            .hardLink("etc/again", "etc/one")
            .opaque("shared")
            .file("shared/new", "new")
            .directory("etc/deep")
            .file("etc/deep/" + "n".repeat(60), "x");
    LayoutBuilder image =
        new LayoutBuilder()
            .layer(lower)
            .layer(upper)
            .layer(new LayerBuilder().symlink("lk", "/etc").file("lk/through", "x"))
            .config("{\"Cmd\":[\"/bin/tool\"]}");
    Path built = image.writeTo(directory.resolve("built"), NAME.toString());
    layout = directory.resolve("layout");
    run("skopeo", "copy", "-q", "oci:" + built, "oci:" + layout + ":latest");
    Path bundle = directory.resolve("bundle");
    List<String> unpack = new ArrayList<>(List.of("umoci", "unpack"));
    if (!ROOT) {
      unpack.add("--rootless");
    }
    unpack.addAll(List.of("--image", layout + ":latest", bundle.toString()));
    run(unpack.toArray(String[]::new));
    expected = FileTree.of(bundle.resolve("rootfs"), ROOT);
    assertThat(expected).containsKeys("usr/bin/tool", "etc/through", "shared/new");
  }

  private static void run(String... command) throws Exception {
    Path said = Files.createTempFile(directory, "said", null);
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).as(List.of(command).toString()).isTrue();
      assertThat(process.exitValue()).as(Files.readString(said)).isZero();
    } finally {
      process.destroyForcibly();
    }
  }

  private Map<String, String> imported(Path source, @Nullable ImageReference name)
      throws Exception {
    ImageStore store = ImageStore.builder().directory(own.resolve("store")).disks(1).build();
    Image image = store.importFrom(source, name, ProgressListener.NONE).get(0);
    Path disk =
        store.prepare(image, Deadline.after(Duration.ofMinutes(2)), ProgressListener.NONE).get(0);
    Path tree = own.resolve("tree");
    run("unsquashfs", "-q", "-n", "-d", tree.toString(), disk.toString());
    return FileTree.of(tree, ROOT);
  }

  @Test
  void layout_ofSkopeo_isWhatUmociMakesOfIt() throws Exception {
    assertThat(imported(layout, NAME)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"docker-archive", "oci-archive"})
  void archive_ofSkopeo_isWhatUmociMakesOfIt(String form) throws Exception {
    Path archive = own.resolve("image.tar");
    run(
        "skopeo",
        "copy",
        "-q",
        "oci:" + layout + ":latest",
        form + ":" + archive + ":" + NAME.toString());
    assertThat(imported(archive, NAME)).isEqualTo(expected);
  }

  @Test
  void layers_compressedWithZstd_areWhatUmociMakesOfThem() throws Exception {
    Path zstd = own.resolve("zstd");
    run(
        "skopeo",
        "copy",
        "-q",
        "--dest-compress-format",
        "zstd",
        "oci:" + layout + ":latest",
        "oci:" + zstd + ":" + NAME);
    assertThat(imported(zstd, null)).isEqualTo(expected);
  }

  @Test
  void layer_repackedByUmoci_isWhatUmociMakesOfIt() throws Exception {
    Path copy = own.resolve("copy");
    run("skopeo", "copy", "-q", "oci:" + layout + ":latest", "oci:" + copy + ":latest");
    Path bundle = own.resolve("bundle");
    List<String> rootless = ROOT ? List.of() : List.of("--rootless");
    List<String> unpack = new ArrayList<>(List.of("umoci", "unpack"));
    unpack.addAll(rootless);
    unpack.addAll(List.of("--image", copy + ":latest", bundle.toString()));
    run(unpack.toArray(String[]::new));
    Path rootfs = bundle.resolve("rootfs");
    Path file = Files.writeString(rootfs.resolve("etc/changed"), "changed");
    // umoci's archives round times to whole seconds.
    Files.setLastModifiedTime(file, FileTime.fromMillis(1_500_000_000_000L));
    Files.delete(rootfs.resolve("usr/bin/tool"));
    Map<String, String> changed = FileTree.of(rootfs, ROOT);
    run("umoci", "repack", "--image", copy + ":latest", bundle.toString());
    assertThat(imported(copy, NAME)).isEqualTo(changed);
  }

  @ParameterizedTest
  @EnumSource(ImageFormat.class)
  void archive_ofJib_isTheImage(ImageFormat format) throws Exception {
    Path file = Files.writeString(own.resolve("app.txt"), "an application");
    Path archive = own.resolve("jib.tar");
    Jib.fromScratch()
        .setFormat(format)
        .addLayer(List.of(file), AbsoluteUnixPath.get("/app"))
        .setEntrypoint("/bin/app")
        .containerize(
            Containerizer.to(TarImage.at(archive).named("example.test/jib:1"))
                .setOfflineMode(true)
                .setBaseImageLayersCache(own.resolve("base"))
                .setApplicationLayersCache(own.resolve("layers")));
    ImageStore store = ImageStore.builder().directory(own.resolve("s")).disks(1).build();
    Image image = store.importFrom(archive, null, ProgressListener.NONE).get(0);
    assertThat(image.reference().familiar()).isEqualTo("example.test/jib:1");
    assertThat(image.config().entrypoint()).containsExactly("/bin/app");
    Map<String, String> tree = imported(archive, NAME);
    assertThat(tree).containsOnlyKeys("app", "app/app.txt");
    assertThat(tree.get("app/app.txt"))
        .contains(Digest.sha256("an application".getBytes(UTF_8)).toString());
  }
}
