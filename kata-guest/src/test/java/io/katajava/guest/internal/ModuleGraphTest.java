package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.base.files.TreeRemoval;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class ModuleGraphTest {
  @TempDir Path directory;

  private ModuleGraph graph(String dep) throws IOException {
    Files.writeString(directory.resolve("modules.dep"), dep);
    return ModuleGraph.open(directory);
  }

  private void module(String path, String... modinfo) throws IOException {
    Path file = directory.resolve(path);
    Files.createDirectories(file.getParent());
    Files.write(file, FakeElf.module(modinfo));
  }

  @Test
  void loadOrder_chain_dependenciesFirst() throws IOException {
    ModuleGraph graph =
        graph("kernel/a.ko: kernel/b.ko kernel/c.ko\nkernel/b.ko: kernel/c.ko\nkernel/c.ko:\n");

    assertThat(graph.loadOrder("a")).containsExactly("kernel/c.ko", "kernel/b.ko", "kernel/a.ko");
  }

  @Test
  void loadOrder_hyphenInFile_isFoundByUnderscore() throws IOException {
    ModuleGraph graph =
        graph("kernel/virtio-rng.ko.xz: kernel/virtio.ko.xz\nkernel/virtio.ko.xz:\n");

    assertThat(graph.contains("virtio_rng")).isTrue();
    assertThat(graph.loadOrder("virtio-rng"))
        .containsExactly("kernel/virtio.ko.xz", "kernel/virtio-rng.ko.xz");
  }

  @Test
  void loadOrder_builtin_isEmpty() throws IOException {
    Files.writeString(
        directory.resolve("modules.builtin"), "kernel/drivers/virtio/virtio-pci.ko\n");
    ModuleGraph graph = graph("");

    assertThat(graph.isBuiltin("virtio_pci")).isTrue();
    assertThat(graph.loadOrder("virtio_pci")).isEmpty();
  }

  @Test
  void loadOrder_cycle_entersItOnce() throws IOException {
    ModuleGraph graph = graph("kernel/a.ko: kernel/b.ko\nkernel/b.ko: kernel/a.ko\n");

    assertThat(graph.loadOrder("a")).containsExactly("kernel/b.ko", "kernel/a.ko");
  }

  @Test
  void loadOrder_softDependency_isTakenWhenThere() throws IOException {
    Files.writeString(
        directory.resolve("modules.softdep"), "# comment\nsoftdep a pre: s absent post: p\n");
    ModuleGraph graph = graph("kernel/a.ko:\nkernel/s.ko:\nkernel/p.ko:\n");

    assertThat(graph.loadOrder("a")).containsExactly("kernel/s.ko", "kernel/a.ko");
  }

  @Test
  void loadOrder_missingDependency_saysWhoNeedsIt() throws IOException {
    ModuleGraph graph = graph("kernel/a.ko: kernel/b.ko\n");

    assertThatThrownBy(() -> graph.loadOrder("a"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("b, needed by a, is neither in " + directory);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no colon here",
        "kernel/a.txt:",
        "/etc/a.ko:",
        "kernel/../../a.ko:",
        "kernel/a.ko: ../b.ko"
      })
  void open_badLine_namesFileAndLine(String line) {
    assertThatThrownBy(() -> graph("kernel/ok.ko:\n" + line + "\n"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("modules.dep, line 2");
  }

  @Test
  void open_withoutModulesDep_readsTheModulesThemselves() throws IOException {
    module("kernel/fs/erofs.ko", "license=GPL", "depends=libcrc32c,virtio-ring", "name=erofs");
    module("kernel/lib/libcrc32c.ko", "depends=", "softdep=pre: crc32c");
    module("kernel/virtio-ring.ko", "depends=");
    ModuleGraph graph = ModuleGraph.open(directory);

    assertThat(graph.size()).isEqualTo(3);
    assertThat(graph.loadOrder("erofs"))
        .containsExactly("kernel/lib/libcrc32c.ko", "kernel/virtio-ring.ko", "kernel/fs/erofs.ko");
  }

  @Test
  void read_compressedModules_givesTheSameBytes() throws IOException {
    byte[] module = FakeElf.module("depends=");
    Path xz = directory.resolve("m.ko.xz");
    try (OutputStream out = new XZOutputStream(Files.newOutputStream(xz), new LZMA2Options(1))) {
      out.write(module);
    }
    Path gz = directory.resolve("m.ko.gz");
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(gz))) {
      out.write(module);
    }
    Path zst = directory.resolve("m.ko.zst");
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = new com.github.luben.zstd.ZstdOutputStreamNoFinalizer(packed)) {
      out.write(module);
    }
    Files.write(zst, packed.toByteArray());

    assertThat(KernelModule.read(xz)).isEqualTo(module);
    assertThat(KernelModule.read(gz)).isEqualTo(module);
    assertThat(KernelModule.read(zst)).isEqualTo(module);
  }

  @ParameterizedTest
  @ValueSource(strings = {"m.ko", "m.ko.xz", "m.ko.gz", "m.ko.zst"})
  void read_garbage_namesTheFile(String name) throws IOException {
    Path file = Files.write(directory.resolve(name), new byte[] {1, 2, 3, 4, 5, 6, 7, 8});

    assertThatThrownBy(() -> KernelModule.read(file))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file.toString());
  }

  @Property(tries = 200)
  void loadOrder_anyGraph_putsEachAfterWhatItNeeds(
      @ForAll @Size(max = 40) List<@IntRange(max = 399) Integer> edges) throws IOException {
    // An edge n means module n / 20 needs module n % 20; only downward ones, so that there is no
    // cycle.
    List<List<Integer>> needs = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      needs.add(new ArrayList<>());
    }
    for (int edge : edges) {
      if (edge % 20 < edge / 20) {
        needs.get(edge / 20).add(edge % 20);
      }
    }
    StringBuilder dep = new StringBuilder();
    for (int i = 0; i < 20; i++) {
      dep.append("k/m").append(i).append(".ko:");
      needs.get(i).forEach(n -> dep.append(" k/m").append(n).append(".ko"));
      dep.append('\n');
    }
    Path scratch = Files.createTempDirectory("graph");
    try {
      Files.writeString(scratch.resolve("modules.dep"), dep);
      List<String> order = ModuleGraph.open(scratch).loadOrder("m19");

      assertThat(order).doesNotHaveDuplicates().endsWith("k/m19.ko");
      for (String path : order) {
        int module = Integer.parseInt(KernelModule.nameOf(path).substring(1));
        for (int needed : needs.get(module)) {
          assertThat(order.indexOf("k/m" + needed + ".ko")).isBetween(0, order.indexOf(path) - 1);
        }
      }
    } finally {
      TreeRemoval.of(scratch);
    }
  }
}
