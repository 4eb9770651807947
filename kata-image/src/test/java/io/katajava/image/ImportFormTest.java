package io.katajava.image;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.ProgressEvent;
import io.katajava.ProgressListener;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** What a file is, is told from its content: its names and their order are the writer's affair. */
class ImportFormTest {
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";
  private static final String INDEX = "application/vnd.oci.image.index.v1+json";
  private static final ImageReference MINE = ImageReference.parse("example.org/mine:1");

  @TempDir Path directory;
  private ImageStore store;
  private LayoutBuilder image;
  private byte[] layer;
  private byte[] tar;

  @BeforeEach
  void open() throws Exception {
    store = ImageStore.builder().directory(directory.resolve("store")).build();
    LayerBuilder content = new LayerBuilder().directory("etc").file("etc/motd", "hello");
    layer = content.gzip();
    tar = content.tar();
    image = new LayoutBuilder().layer(layer, tar).config("{\"Cmd\":[\"/bin/sh\"]}");
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private Path archive(LayerBuilder files) throws Exception {
    return Files.write(directory.resolve("image.tar"), files.tar());
  }

  private static LayerBuilder file(LayerBuilder archive, String name, byte[] content) {
    return archive.file(name, 0644, 0, 0, content);
  }

  private static String blob(byte[] content) {
    return "blobs/sha256/" + Digest.sha256(content).hex();
  }

  private byte[] saved(String config, String tags, String layer) {
    return bytes(
        "[{\"Config\":\""
            + config
            + "\",\"RepoTags\":"
            + tags
            + ",\"Layers\":[\""
            + layer
            + "\"]}]");
  }

  private static byte[] index(byte[] manifest, String... names) {
    List<String> all = new ArrayList<>();
    for (String name : names) {
      all.add(
          LayoutBuilder.descriptor(
              MANIFEST,
              manifest,
              ",\"annotations\":{\"io.containerd.image.name\":\"" + name + "\"}"));
    }
    return bytes("{\"schemaVersion\":2,\"manifests\":[" + String.join(",", all) + "]}");
  }

  private LayerBuilder blobs(byte[] index) {
    LayerBuilder archive = new LayerBuilder();
    file(archive, blob(layer), layer);
    file(archive, blob(image.configuration()), image.configuration());
    file(archive, blob(image.manifest()), image.manifest());
    file(archive, "index.json", index);
    return file(archive, "oci-layout", bytes("{\"imageLayoutVersion\":\"1.0.0\"}"));
  }

  private List<String> imported(Path source, @Nullable ImageReference name) {
    return store.importFrom(source, name, ProgressListener.NONE).stream()
        .map(each -> each.reference().familiar() + " " + each.config().command())
        .toList();
  }

  @Test
  void dockerArchive_layersFirstAndAnyNames_isTheImage() throws Exception {
    String hex = Digest.sha256(layer).hex();
    LayerBuilder jib = new LayerBuilder();
    file(jib, hex + ".tar.gz", layer);
    file(jib, "config.json", image.configuration());
    file(jib, "manifest.json", saved("config.json", "[\"app:jib\"]", hex + ".tar.gz"));
    assertThat(imported(archive(jib), null)).containsExactly("app:jib [/bin/sh]");
    assertThat(imported(archive(jib), MINE)).containsExactly("example.org/mine:1 [/bin/sh]");

    String config = "sha256:" + Digest.sha256(image.configuration()).hex();
    LayerBuilder crane = new LayerBuilder();
    file(crane, config, image.configuration());
    file(crane, hex + ".tar.gz", layer);
    file(crane, "./manifest.json", saved(config, "[\"app:crane\"]", hex + ".tar.gz"));
    assertThat(imported(archive(crane), null)).containsExactly("app:crane [/bin/sh]");
  }

  @Test
  void import_saysWhatItIs() throws Exception {
    LayerBuilder jib = new LayerBuilder();
    file(jib, "l.tar", tar);
    file(jib, "config.json", image.configuration());
    file(jib, "manifest.json", saved("config.json", "[\"app:jib\"]", "l.tar"));
    assertThat(subjects(archive(jib), null))
        .containsExactly("image.tar", "image.tar (docker archive, 1 layer)");
    assertThat(subjects(archive(blobs(index(image.manifest(), "a.test/b:1"))), null))
        .containsExactly("image.tar", "image.tar (OCI layout, 1 layer)");
    assertThat(subjects(archive(new LayerBuilder().file("etc/motd", "x")), MINE))
        .containsExactly("image.tar", "image.tar (root filesystem)");
    assertThat(subjects(image.writeTo(directory.resolve("dir"), "a.test/b:1"), null))
        .containsExactly("dir", "dir (OCI layout, 1 layer)");
  }

  private List<String> subjects(Path source, @Nullable ImageReference name) {
    List<String> ended = new ArrayList<>();
    store.importFrom(
        source,
        name,
        event -> {
          assertThat(event.activity()).isEqualTo(ProgressEvent.Activity.IMPORT);
          if (event.ended()) {
            ended.add(event.subject());
          }
        });
    return ended;
  }

  @Test
  void rootFilesystem_withDocumentsOfItsOwn_isARootFilesystem() throws Exception {
    LayerBuilder root =
        new LayerBuilder()
            .file("manifest.json", "{\"name\":\"a web application\"}")
            .file("index.json", "{\"entries\":[]}")
            .file("etc/motd", "x");
    Image found = store.importFrom(archive(root), MINE, ProgressListener.NONE).get(0);
    assertThat(found.layers()).hasSize(1);
    assertThat(found.config().command()).isEmpty();
  }

  @Test
  void dockerArchive_aFileIsMissing_saysWhich() throws Exception {
    LayerBuilder broken = new LayerBuilder();
    file(broken, "config.json", image.configuration());
    file(broken, "manifest.json", saved("config.json", "[\"app:1\"]", "none.tar"));
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> imported(archive(broken), MINE))
        .withMessageContaining("file none.tar, which its manifest.json names, is missing")
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);
  }

  @Test
  void dockerArchive_nameIsTheDigestOfSomethingElse_isRefused() throws Exception {
    String config = "c".repeat(64) + ".json";
    LayerBuilder wrong = new LayerBuilder();
    file(wrong, config, image.configuration());
    file(wrong, "l.tar", tar);
    file(wrong, "manifest.json", saved(config, "[\"app:1\"]", "l.tar"));
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> imported(archive(wrong), null))
        .withMessageContaining("has the digest")
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);
  }

  @Test
  void dockerArchive_layersAreLinks_areFollowed() throws Exception {
    LayerBuilder links = new LayerBuilder();
    links.symlink("b/layer.tar", "../a/layer.tar");
    file(links, "a/layer.tar", tar);
    links.hardLink("c.tar", "a/layer.tar");
    file(
        links,
        "config.json",
        new LayoutBuilder()
            .layer(layer, tar)
            .layer(layer, tar)
            .config("{\"Cmd\":[\"/bin/sh\"]}")
            .configuration());
    file(
        links,
        "manifest.json",
        bytes(
            "[{\"Config\":\"config.json\",\"RepoTags\":[\"app:links\"],"
                + "\"Layers\":[\"b/layer.tar\",\"c.tar\"]}]"));
    assertThat(imported(archive(links), null)).containsExactly("app:links [/bin/sh]");
  }

  @Test
  void dockerArchive_badTag_isRefusedWithIt() throws Exception {
    LayerBuilder bad = new LayerBuilder();
    file(bad, "config.json", image.configuration());
    file(bad, "l.tar", tar);
    file(bad, "manifest.json", saved("config.json", "[\"No \\u001b[31m Name\"]", "l.tar"));
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> imported(archive(bad), null))
        .withMessageContaining("names an image 'No \\x1b[31m Name'")
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);
  }

  @Test
  void layout_withFurtherFiles_isTheLayout() throws Exception {
    LayerBuilder archive = new LayerBuilder().file("README.md", "hello").symlink("latest", "x");
    file(archive, blob(layer), layer);
    file(archive, blob(image.configuration()), image.configuration());
    file(archive, blob(image.manifest()), image.manifest());
    file(archive, "oci-layout", bytes("{}"));
    file(archive, "index.json", index(image.manifest(), "a.test/readme:1"));
    assertThat(imported(archive(archive), null)).containsExactly("a.test/readme:1 [/bin/sh]");
  }

  @Test
  void layout_twoNamesOfOneImage_canBeRenamed() throws Exception {
    Path two = archive(blobs(index(image.manifest(), "a.test/two:1", "a.test/two:2")));
    assertThat(imported(two, MINE)).containsExactly("example.org/mine:1 [/bin/sh]");
    assertThat(imported(two, null))
        .containsExactly("a.test/two:1 [/bin/sh]", "a.test/two:2 [/bin/sh]");
  }

  @Test
  void layout_twoImages_areNotOneName() throws Exception {
    LayoutBuilder other = new LayoutBuilder().layer(layer, tar).config("{\"Cmd\":[\"x\"]}");
    String manifests =
        LayoutBuilder.descriptor(
                MANIFEST,
                image.manifest(),
                ",\"annotations\":{\"io.containerd.image.name\":\"a:1\"}")
            + ","
            + LayoutBuilder.descriptor(
                MANIFEST,
                other.manifest(),
                ",\"annotations\":{\"io.containerd.image.name\":\"b:1\"}");
    LayerBuilder archive = blobs(bytes("{\"manifests\":[" + manifests + "]}"));
    file(archive, blob(other.configuration()), other.configuration());
    file(archive, blob(other.manifest()), other.manifest());
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> imported(archive(archive), MINE))
        .withMessageContaining("has 2 images, none of them called example.org/mine:1: a:1, b:1");
  }

  @Test
  void dockerArchive_layoutBesideItIsHollow_isTakenFromItsManifest() throws Exception {
    byte[] hollow =
        bytes(
            "{\"schemaVersion\":2,\"mediaType\":\""
                + MANIFEST
                + "\",\"config\":"
                + LayoutBuilder.descriptor(
                    "application/vnd.oci.image.config.v1+json", image.configuration(), "")
                + ",\"layers\":null}");
    for (byte[] index :
        List.of(index(hollow, "docker.io/library/d25:1"), bytes("{\"manifests\":null}"))) {
      LayerBuilder archive = new LayerBuilder();
      file(archive, blob(tar), tar);
      file(archive, blob(image.configuration()), image.configuration());
      file(archive, blob(hollow), hollow);
      file(archive, "index.json", index);
      file(archive, "manifest.json", saved(blob(image.configuration()), "[\"d25:1\"]", blob(tar)));
      file(archive, "oci-layout", bytes("{}"));
      assertThat(imported(archive(archive), null)).containsExactly("d25:1 [/bin/sh]");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"gzip", "bzip2", "xz"})
  void archive_compressedAsAWhole_isTaken(String form) throws Exception {
    LayerBuilder jib = new LayerBuilder();
    file(jib, "l.tar", compressed(form, tar));
    file(jib, "config.json", image.configuration());
    file(jib, "manifest.json", saved("config.json", "[\"app:jib\"]", "l.tar"));
    Path file = Files.write(directory.resolve("whole"), compressed(form, jib.tar()));
    Image found = store.importFrom(file, null, ProgressListener.NONE).get(0);
    assertThat(store.prepare(found, Deadline.after(Duration.ofMinutes(2)), ProgressListener.NONE))
        .hasSize(1);
  }

  private static byte[] compressed(String form, byte[] content) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out =
        switch (form) {
          case "bzip2" -> new BZip2CompressorOutputStream(bytes);
          case "xz" -> new XZOutputStream(bytes, new LZMA2Options(1));
          default -> new java.util.zip.GZIPOutputStream(bytes);
        }) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  @ParameterizedTest
  @CsvSource({
    "04224d18, compressed with lz4",
    "504b0304, a zip archive",
    "68737173, a squashfs image",
    "514649fb, a qcow2 disk"
  })
  void file_isNoArchive_saysWhatItIs(String magic, String what) throws Exception {
    byte[] content = java.util.Arrays.copyOf(java.util.HexFormat.of().parseHex(magic), 2000);
    Path file = Files.write(directory.resolve("other"), content);
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> imported(file, MINE))
        .withMessageContaining("it is " + what + ", which is not supported")
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);
  }

  private static byte[] bill(LayerBuilder archive, String more) {
    byte[] empty = bytes("{}");
    byte[] content = bytes("{\"sbom\":1}");
    byte[] manifest =
        bytes(
            "{\"schemaVersion\":2,\"mediaType\":\""
                + MANIFEST
                + "\""
                + more
                + ",\"config\":"
                + LayoutBuilder.descriptor("application/vnd.oci.empty.v1+json", empty, "")
                + ",\"layers\":["
                + LayoutBuilder.descriptor("application/spdx+json", content, "")
                + "]}");
    file(archive, blob(empty), empty);
    file(archive, blob(content), content);
    file(archive, blob(manifest), manifest);
    return manifest;
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ",\"platform\":{\"architecture\":\"\",\"os\":\"linux\"}",
        ",\"platform\":{\"architecture\":\"unknown\",\"os\":\"unknown\"}",
        ",\"platform\":{\"architecture\":\"HOST\",\"os\":\"linux\"}"
      })
  void softwareBill_besideTheImage_isNotTheImage(String platform) throws Exception {
    String host = Platform.host().architecture();
    LayerBuilder archive = new LayerBuilder();
    byte[] bill = bill(archive, "");
    byte[] index =
        bytes(
            "{\"manifests\":["
                + LayoutBuilder.descriptor(MANIFEST, bill, platform.replace("HOST", host))
                + ","
                + LayoutBuilder.descriptor(
                    MANIFEST,
                    image.manifest(),
                    ",\"platform\":{\"architecture\":\"" + host + "\",\"os\":\"linux\"}")
                + "]}");
    file(archive, blob(layer), layer);
    file(archive, blob(image.configuration()), image.configuration());
    file(archive, blob(image.manifest()), image.manifest());
    file(archive, blob(index), index);
    file(archive, "oci-layout", bytes("{}"));
    file(
        archive,
        "index.json",
        bytes("{\"manifests\":[" + LayoutBuilder.descriptor(INDEX, index, "") + "]}"));
    assertThat(imported(archive(archive), MINE)).containsExactly("example.org/mine:1 [/bin/sh]");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"|application/spdx+json", ",\"artifactType\":\"text/x-note\"|text/x-note"})
  void artifact_alone_isNoImage(@Nullable String more, String type) throws Exception {
    LayerBuilder archive = new LayerBuilder();
    byte[] bill = bill(archive, more == null ? "" : more);
    file(archive, "oci-layout", bytes("{}"));
    file(archive, "index.json", index(bill, "a.test/bill:1"));
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> imported(archive(archive), MINE))
        .withMessageContaining("it is an artifact (" + type + "), not an image")
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);
  }

  @Test
  void layer_isEncrypted_saysSo() throws Exception {
    byte[] manifest =
        bytes(
            new String(image.manifest(), UTF_8)
                .replace("layer.v1.tar+gzip", "layer.v1.tar+gzip+encrypted"));
    LayerBuilder archive = blobs(index(manifest, "a.test/secret:1"));
    file(archive, blob(manifest), manifest);
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> imported(archive(archive), MINE))
        .withMessageContaining(
            "has the type 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted'. Encrypted layers")
        .matches(e -> e.code() == ErrorCode.IMAGE_REFUSED);
  }

  @ParameterizedTest
  @CsvSource({"app,/app", "/app,/app", "./a/b,/./a/b"})
  void workingDirectory_isRelative_countsFromTheRoot(String said, String counts) throws Exception {
    image.config("{\"WorkingDir\":\"" + said + "\"}");
    Path layout = image.writeTo(directory.resolve("dir"), "a.test/b:1");
    assertThat(store.importFrom(layout, null, ProgressListener.NONE).get(0).config().workdir())
        .contains(counts);
  }

  @ParameterizedTest
  @CsvSource({"1000:,1000", ":1001,0:1001", "app:web,app:web", "1000:1001,1000:1001", ":,"})
  void user_aSideOfTheColonIsEmpty_isAsIfItWereNotThere(String said, @Nullable String counts)
      throws Exception {
    image.config("{\"User\":\"" + said + "\"}");
    Path layout = image.writeTo(directory.resolve("dir"), "a.test/b:1");
    assertThat(store.importFrom(layout, null, ProgressListener.NONE).get(0).config().user())
        .isEqualTo(java.util.Optional.ofNullable(counts));
  }

  @Test
  void directory_ofADockerArchive_staysWithin() throws Exception {
    Path secret = Files.writeString(directory.resolve("secret"), "{\"rootfs\":{}}");
    Path taken = Files.createDirectories(directory.resolve("taken"));
    Files.write(taken.resolve("l.tar"), tar);
    Files.write(taken.resolve("config.json"), image.configuration());
    Files.write(taken.resolve("manifest.json"), saved("config.json", "[\"app:dir\"]", "l.tar"));
    assertThat(imported(taken, null)).containsExactly("app:dir [/bin/sh]");

    Files.write(taken.resolve("manifest.json"), saved("../secret", "[\"app:dir\"]", "l.tar"));
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> imported(taken, null))
        .withMessageContaining("file ../secret, which its manifest.json names, is missing");
    Files.createSymbolicLink(taken.resolve("link.json"), secret);
    Files.write(taken.resolve("manifest.json"), saved("link.json", "[\"app:dir\"]", "l.tar"));
    assertThatExceptionOfType(KataException.class)
        .isThrownBy(() -> imported(taken, null))
        .withMessageContaining("leads out");
  }
}
