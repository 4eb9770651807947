package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.guest.KernelSource;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The steps, with a make that only pretends. */
class KernelBuildTest {
  private static final String RELEASE = "6.1.9-kata-java";

  /** Takes every option it is given, and makes a kernel that was there before. */
  private static final String MAKE =
      """
      for word; do
        case $word in
          O=*) build=${word#O=} ;;
          KCONFIG_ALLCONFIG=*) wanted=${word#KCONFIG_ALLCONFIG=} ;;
        esac
        target=$word
      done
      if [ $target = allnoconfig ]; then
        /bin/grep -v "^${LOST:-%s}" $wanted >$build/.config
        exit 0
      fi
      echo compiled >>%s
      %s
      /bin/mkdir -p $build/include/config
      echo %s >$build/include/config/kernel.release
      /bin/cp %s $build/vmlinux
      echo "0 T _text" >$build/System.map
      for module in virtio_pci virtio_console overlay nf_tables; do
        echo kernel/$module.ko
      done >$build/modules.builtin
      """;

  @TempDir Path directory;
  private GuestFixture fixture;
  private Path kernel;
  private final List<String> steps = new ArrayList<>();

  @BeforeEach
  void makeHost() throws IOException {
    fixture = new GuestFixture(directory);
    kernel = Files.write(directory.resolve("made"), FakeElf.vmlinux(true, 5_000));
    Path deb =
        new FakeDeb()
            .file("./usr/src/linux-source-6.1.tar.xz", new byte[] {1})
            .write(directory.resolve("source.deb"));
    fixture.script(
        "apt-cache",
        """
        for name; do :; done
        [ $name = linux-source ] && echo "Depends: linux-source-6.1 (= 6.1.9-1)"
        printf 'Package: %%s\\nVersion: 6.1.9-1\\nArchitecture: all\\nSize: 1\\nSHA256: %s\\n' $name
        """
            .formatted(Digests.of(deb)));
    fixture.script("apt-get", "/bin/cp %s ./linux-source.deb\n".formatted(deb));
    for (String tool : List.of("gcc", "ld", "flex", "bison", "bc", "xz", "tar")) {
      fixture.script(tool, "exit 0\n");
    }
    fixture.script("nice", "shift 2\nexec \"$@\"\n");
    fixture.script("objcopy", "/bin/cp $2 $3\n");
    make("CONFIG_NONE", "");
    Path header = Files.createDirectories(fixture.root.resolve("usr/include")).resolve("gelf.h");
    Files.createFile(header);
  }

  private void make(String lost, String before) throws IOException {
    fixture.script("make", MAKE.formatted(lost, log(), before, RELEASE, kernel));
  }

  private Path log() {
    return directory.resolve("compilations");
  }

  private Path build() throws InterruptedException {
    return new KernelBuild(fixture.host(), 2, false, steps::add)
        .run(fixture.cache, Deadline.after(Duration.ofSeconds(30)));
  }

  private GuestRecipe.Draft draft() {
    GuestRecipe.Draft draft = fixture.draft();
    draft.sources = List.of(KernelSource.built());
    return draft;
  }

  private void assertNothingUnfinished() throws IOException {
    try (Stream<Path> left = Files.list(fixture.cache.resolve("guest/tmp"))) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void run_allThere_makesAKernelThatGuestsBoot() throws Exception {
    Path vmlinux = build();

    assertThat(vmlinux).hasSameBinaryContentAs(kernel);
    assertThat(steps).anyMatch(step -> step.equals("configuring Linux 6.1.9-1"));
    assertNothingUnfinished();
    GuestAssets guest = fixture.provideWithTools(draft());
    assertThat(guest.kernel()).isEqualTo(vmlinux);
    assertThat(guest.choices().get(0).why()).isEqualTo("built from Debian's linux-source 6.1.9-1");
  }

  @Test
  void run_secondTime_compilesNothing() throws Exception {
    Path first = build();

    assertThat(build()).isEqualTo(first);
    assertThat(Files.readAllLines(log())).hasSize(1);
  }

  @Test
  void run_optionLost_isRefusedByName() throws Exception {
    make("CONFIG_OVERLAY_FS", "");

    assertThatThrownBy(this::build)
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.GUEST_BUILD_FAILED))
        .hasMessageContaining("does not take the options CONFIG_OVERLAY_FS=y");
    assertThat(log()).doesNotExist();
    assertNothingUnfinished();
  }

  @Test
  void run_compilerFails_tellsItsLastWords() throws Exception {
    make("CONFIG_NONE", "echo 'mm/slub.c:1: no space left' >&2; exit 2");

    assertThatThrownBy(this::build)
        .hasMessageContaining("ended with 2")
        .hasMessageContaining("mm/slub.c:1: no space left");
    assertNothingUnfinished();
    assertThatThrownBy(() -> fixture.provideWithTools(draft()))
        .hasMessageContaining("the small kernel: no kernel has been built");
  }

  @Test
  void run_toolsMissing_namesThemAndTheirPackages() throws Exception {
    fixture.removeTool("bison");
    Files.delete(fixture.root.resolve("usr/include/gelf.h"));

    assertThatThrownBy(this::build)
        .isInstanceOfSatisfying(
            KataException.class,
            e -> assertThat(e.remedy()).hasValueSatisfying(r -> assertThat(r).contains("bison")))
        .hasMessageContaining("bison, /usr/include/gelf.h");
  }

  @Test
  void provide_builtWithOtherOptions_isNotTaken() throws Exception {
    build();
    Path pointer = fixture.cache.resolve("guest/kernels/x86_64.current");
    List<String> lines = Files.readAllLines(pointer);
    Files.write(pointer, List.of(lines.get(0), "0123", lines.get(2)));

    assertThatThrownBy(() -> fixture.provideWithTools(draft()))
        .hasMessageContaining("other options than this version wants");
  }

  @Test
  void provide_moduleThatIsBuiltIn_isListedAsSuch() throws Exception {
    build();
    GuestRecipe.Draft draft = draft();
    draft.modules.add("nf_tables");

    GuestAssets guest = fixture.provideWithTools(draft);

    String initrd = Files.readString(guest.initrd().orElseThrow(), StandardCharsets.ISO_8859_1);
    assertThat(initrd).contains("builtin overlay\nbuiltin nf_tables\n");
  }

  @Test
  void provide_moduleThatIsNotThere_leavesTheKernelToTheNextSource() throws Exception {
    build();
    fixture.module("xfs", "depends=");
    GuestRecipe.Draft draft = draft();
    draft.sources =
        List.of(KernelSource.built(), KernelSource.files(fixture.kernel, fixture.modules));
    draft.modules.add("xfs");

    assertThat(fixture.provideWithTools(draft).choices().get(0).why())
        .startsWith("given path; not the small kernel: Kernel module xfs is neither in");
  }
}
