package io.katajava.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.ProgressListener;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageStoreTest {
  private static final ImageReference APP = ImageReference.parse("example.org/app:1");
  private static final String CONFIG =
      "{\"Entrypoint\":[\"/bin/app\"],\"Cmd\":[\"-v\"],\"Env\":[\"A=1\",\"B=x=y\"],"
          + "\"WorkingDir\":\"/srv\",\"User\":\"app:web\",\"ExposedPorts\":{\"80/tcp\":{}},"
          + "\"Volumes\":{\"/data\":{}},\"StopSignal\":\"SIGQUIT\",\"Labels\":{\"k\":\"v\"}}";

  @TempDir Path directory;
  private ImageStore store;

  @BeforeEach
  void open() {
    store = ImageStore.builder().directory(directory.resolve("store")).build();
  }

  private static LayoutBuilder app() {
    return new LayoutBuilder()
        .layer(new LayerBuilder().directory("etc").file("etc/a", "lower"))
        .layer(new LayerBuilder().directory("etc").file("etc/b", "upper").whiteout("etc/a"))
        .config(CONFIG);
  }

  private Path layout() throws Exception {
    return app().writeTo(directory.resolve("layout"), APP.toString());
  }

  @Test
  void importFrom_layout_isFoundWithItsConfiguration() throws Exception {
    List<Image> images = store.importFrom(layout(), null, ProgressListener.NONE);

    assertThat(images).singleElement().isEqualTo(store.find(APP).orElseThrow());
    Image image = images.get(0);
    assertThat(image.layers()).hasSize(2);
    assertThat(image.config().entrypoint()).containsExactly("/bin/app");
    assertThat(image.config().command()).containsExactly("-v");
    assertThat(image.config().env()).containsEntry("A", "1").containsEntry("B", "x=y");
    assertThat(image.config().workdir()).contains("/srv");
    assertThat(image.config().user()).contains("app:web");
    assertThat(image.config().exposedPorts()).containsExactly("80/tcp");
    assertThat(image.config().volumes()).containsExactly("/data");
    assertThat(image.config().stopSignal()).contains("SIGQUIT");
    assertThat(image.config().labels()).containsEntry("k", "v");
    assertThat(store.list()).containsExactly(image);
  }

  @Test
  void importFrom_layoutUnderAnotherName_hasThatName() throws Exception {
    ImageReference other = ImageReference.parse("other");
    store.importFrom(layout(), other, ProgressListener.NONE);
    assertThat(store.find(other)).isPresent();
    assertThat(store.find(APP)).isEmpty();
  }

  @Test
  void importFrom_corruptedBlob_isRefusedAndNothingHasAName() throws Exception {
    Path layout = layout();
    for (byte[] layer : app().layers()) {
      Path blob = layout.resolve("blobs/sha256").resolve(Digest.sha256(layer).hex());
      layer[layer.length / 2] ^= 1;
      Files.write(blob, layer);
    }
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> store.importFrom(layout, null, ProgressListener.NONE))
        .withMessageContaining("has the digest")
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);
    assertThat(store.list()).isEmpty();
  }

  @Test
  void export_thenImport_isTheSameImage() throws Exception {
    Image image = store.importFrom(layout(), null, ProgressListener.NONE).get(0);
    Path archive = directory.resolve("app.tar");
    store.export(APP, archive);
    Path again = directory.resolve("again.tar");
    store.export(APP, again);
    assertThat(again).hasSameBinaryContentAs(archive);

    ImageStore other = ImageStore.builder().directory(directory.resolve("other")).build();
    assertThat(other.importFrom(archive, null, ProgressListener.NONE)).containsExactly(image);
  }

  @Test
  void importFrom_dockerSave_isAnImage() throws Exception {
    LayoutBuilder app = app();
    List<byte[]> tars = new ArrayList<>();
    for (byte[] layer : app.layers()) {
      tars.add(LayoutBuilder.gunzip(layer));
    }
    String config = Digest.sha256(app.configuration()).hex() + ".json";
    String first = "a".repeat(64) + "/layer.tar";
    String second = "b".repeat(64) + "/layer.tar";
    LayerBuilder archive =
        new LayerBuilder()
            .file(config, 0644, 0, 0, app.configuration())
            .directory("a".repeat(64))
            .file(first, 0644, 0, 0, tars.get(0))
            .file(second, 0644, 0, 0, tars.get(1))
            .file(
                "manifest.json",
                "[{\"Config\":\""
                    + config
                    + "\",\"RepoTags\":[\"app:1\",\"app:2\"],\"Layers\":[\""
                    + first
                    + "\",\""
                    + second
                    + "\"]}]");
    Path file = Files.write(directory.resolve("saved.tar"), archive.tar());

    List<Image> images = store.importFrom(file, null, ProgressListener.NONE);

    assertThat(images)
        .extracting(image -> image.reference().familiar())
        .containsExactly("app:1", "app:2");
    assertThat(images.get(0).config().workdir()).contains("/srv");
    assertThat(store.prepare(images.get(0), soon(), ProgressListener.NONE)).hasSize(2);
  }

  @Test
  void importFrom_rootDirectoryAndRootArchive_areImagesOfOneLayer() throws Exception {
    Path root = Files.createDirectories(directory.resolve("root/bin"));
    Files.writeString(root.resolve("tool"), "x");
    Files.setPosixFilePermissions(
        root.resolve("tool"), PosixFilePermissions.fromString("rwxr-x---"));
    Files.createLink(root.resolve("alias"), root.resolve("tool"));
    Files.createSymbolicLink(root.resolve("link"), Path.of("tool"));
    ImageReference name = ImageReference.parse("root");

    Image image = store.importFrom(directory.resolve("root"), name, ProgressListener.NONE).get(0);
    assertThat(image.layers()).hasSize(1);
    assertThat(listing(store.prepare(image, soon(), ProgressListener.NONE).get(0)))
        .contains("-rwxr-x---", "squashfs-root/bin/alias", "squashfs-root/bin/link -> tool");

    Path archive =
        Files.write(directory.resolve("root.tar.gz"), new LayerBuilder().file("hello", "x").gzip());
    assertThat(store.importFrom(archive, ImageReference.parse("tarred"), ProgressListener.NONE))
        .hasSize(1);
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> store.importFrom(archive, null, ProgressListener.NONE))
        .withMessageContaining("without a name");
  }

  @Test
  void prepare_twice_makesNothingAgainAndSharesLowerLayers() throws Exception {
    Image image = store.importFrom(layout(), null, ProgressListener.NONE).get(0);
    List<Path> disks = store.prepare(image, soon(), ProgressListener.NONE);
    assertThat(disks).hasSize(2);
    List<String> events = new ArrayList<>();
    assertThat(store.prepare(image, soon(), event -> events.add(event.subject()))).isEqualTo(disks);
    assertThat(events).isEmpty();

    LayoutBuilder other =
        new LayoutBuilder()
            .layer(new LayerBuilder().directory("etc").file("etc/a", "lower"))
            .layer(new LayerBuilder().file("another", "x"));
    Image sharing =
        store
            .importFrom(
                other.writeTo(directory.resolve("l2"), "example.org/other:1"),
                null,
                ProgressListener.NONE)
            .get(0);
    assertThat(store.prepare(sharing, soon(), ProgressListener.NONE).get(0))
        .isEqualTo(disks.get(0));
  }

  @Test
  void prepare_manyLayers_areMergedToTheLimitOfDisks() throws Exception {
    LayoutBuilder thirty = new LayoutBuilder();
    for (int i = 0; i < 30; i++) {
      LayerBuilder layer = new LayerBuilder().directory("d").file("d/" + i, "layer " + i);
      if (i > 0) {
        layer.whiteout("d/" + (i - 1));
      }
      thirty.layer(layer);
    }
    Image image =
        store
            .importFrom(
                thirty.writeTo(directory.resolve("l"), APP.toString()), null, ProgressListener.NONE)
            .get(0);
    List<Path> disks = store.prepare(image, soon(), ProgressListener.NONE);
    assertThat(disks).hasSize(ImageStore.DEFAULT_DISKS);
    assertThat(listing(disks.get(3)))
        .contains("squashfs-root/d/29")
        .doesNotContainPattern("-rw-.*squashfs-root/d/28")
        .containsPattern("c-.*squashfs-root/d/2\n");
    ImageStore one = ImageStore.builder().directory(directory.resolve("store")).disks(1).build();
    List<Path> merged = one.prepare(image, soon(), ProgressListener.NONE);
    assertThat(merged).hasSize(1);
    assertThat(listing(merged.get(0)).lines().filter(line -> line.contains("/d/")))
        .singleElement()
        .asString()
        .contains("squashfs-root/d/29");
  }

  @Test
  void collectGarbage_afterRemoval_leavesWhatOthersNeed() throws Exception {
    Image image = store.importFrom(layout(), null, ProgressListener.NONE).get(0);
    List<Path> disks = store.prepare(image, soon(), ProgressListener.NONE);
    ImageReference kept = ImageReference.parse("kept");
    store.importFrom(layout(), kept, ProgressListener.NONE);

    assertThat(store.remove(APP)).isTrue();
    assertThat(store.remove(APP)).isFalse();
    assertThat(store.collectGarbage(Duration.ZERO).files()).isZero();
    assertThat(disks).allMatch(Files::exists);

    store.remove(kept);
    assertThat(store.collectGarbage(Duration.ofHours(1)).files()).isZero();
    assertThat(store.collectGarbage(Duration.ZERO).files()).isEqualTo(7);
    assertThat(disks).noneMatch(Files::exists);
    assertThat(store.usage()).isEqualTo(MemorySize.bytes(0));
  }

  @Test
  void quota_isFull_saysSo() throws Exception {
    ImageStore small =
        ImageStore.builder()
            .directory(directory.resolve("small"))
            .quota(MemorySize.bytes(500))
            .build();
    Path layout = layout();
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> small.importFrom(layout, null, ProgressListener.NONE))
        .withMessageContaining("quota")
        .matches(e -> e.code() == ErrorCode.IMAGE_STORE_FULL);
  }

  @Test
  void importFrom_manyThreadsAtOnce_isWhole() throws Exception {
    Path layout = layout();
    List<CompletableFuture<List<Path>>> all = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      ImageReference name = ImageReference.parse("app:" + i);
      all.add(
          CompletableFuture.supplyAsync(
              () ->
                  store.prepare(
                      store.importFrom(layout, name, ProgressListener.NONE).get(0),
                      soon(),
                      ProgressListener.NONE)));
    }
    for (CompletableFuture<List<Path>> each : all) {
      assertThat(each.get()).isEqualTo(all.get(0).get());
    }
    assertThat(store.list()).hasSize(8);
  }

  @Test
  void platform_ofAnIndex_isChosen() throws Exception {
    LayoutBuilder mine = app();
    LayoutBuilder foreign =
        new LayoutBuilder()
            .layer(new LayerBuilder().file("foreign", "x"))
            .platform(Platform.parse("linux/mips"));
    Path layout = foreign.writeTo(directory.resolve("multi"), APP.toString());
    mine.writeTo(layout, APP.toString());
    String index =
        "{\"schemaVersion\":2,\"manifests\":["
            + LayoutBuilder.descriptor(
                "application/vnd.oci.image.manifest.v1+json",
                foreign.manifest(),
                ",\"platform\":{\"architecture\":\"mips\",\"os\":\"linux\"}")
            + ","
            + LayoutBuilder.descriptor(
                "application/vnd.oci.image.manifest.v1+json",
                mine.manifest(),
                ",\"platform\":{\"architecture\":\""
                    + Platform.host().architecture()
                    + "\",\"os\":\"linux\"}")
            + "]}";
    byte[] bytes = index.getBytes(StandardCharsets.UTF_8);
    Files.write(layout.resolve("blobs/sha256").resolve(Digest.sha256(bytes).hex()), bytes);
    Files.writeString(
        layout.resolve("index.json"),
        "{\"manifests\":["
            + LayoutBuilder.descriptor("application/vnd.oci.image.index.v1+json", bytes, "")
            + "]}");
    assertThat(store.importFrom(layout, APP, ProgressListener.NONE).get(0).digest())
        .isEqualTo(Digest.sha256(mine.manifest()));
  }

  private static Deadline soon() {
    return Deadline.after(Duration.ofMinutes(2));
  }

  /** What squashfs-tools see in an image. */
  static String listing(Path image) throws Exception {
    Process process =
        new ProcessBuilder("unsquashfs", "-lln", image.toString())
            .redirectErrorStream(true)
            .start();
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    process.getInputStream().transferTo(said);
    assertThat(process.waitFor()).isZero();
    return said.toString(StandardCharsets.UTF_8);
  }
}
