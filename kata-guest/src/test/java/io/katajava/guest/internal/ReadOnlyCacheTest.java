package io.katajava.guest.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.KataException;
import io.katajava.guest.GuestBuilder;
import io.katajava.guest.GuestStore;
import io.katajava.guest.KernelSource;
import io.katajava.spi.GuestAssets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cache that this process cannot write, for root as well: it is read, and never damaged. */
class ReadOnlyCacheTest {
  private static final boolean ROOT = System.getProperty("user.name").equals("root");

  /** Mounts a directory onto itself, only to be read, where only the command after it sees that. */
  private static final String MOUNT =
      "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";

  @TempDir Path directory;
  private GuestFixture fixture;
  private Path deb = Path.of("");

  @BeforeEach
  void makeHost() throws IOException {
    fixture = new GuestFixture(directory);
    deb = fixture.debianKernel(directory.resolve("kernel.deb"));
    fixture.installApt(deb, Digests.of(deb));
  }

  /** Builds the fixture's guest and says what came of it. */
  static final class Builder {
    private Builder() {}

    public static void main(String[] args) throws Exception {
      try {
        GuestBuilder builder =
            GuestBuilder.create()
                .architecture("x86_64")
                .kernel(KernelSource.debian())
                .agent(Path.of(args[1]))
                .busybox(null);
        if (args.length > 2) {
          builder.verify();
        }
        GuestAssets guest = builder.build(Path.of(args[0]));
        System.out.println("KEY " + guest.key());
        System.out.println("STORED " + GuestStore.in(Path.of(args[0])).list().size());
      } catch (KataException e) {
        System.out.println("FAILED " + e.code() + " " + e.getMessage());
      }
    }
  }

  private String build(List<String> prefix, String... more) throws Exception {
    List<String> command = new ArrayList<>(prefix);
    command.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            Builder.class.getName(),
            fixture.cache.toString(),
            fixture.agent.toString()));
    command.addAll(List.of(more));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    // The fixture's apt, and what the prefix runs.
    builder
        .environment()
        .put("PATH", directory.resolve("tools") + ":/usr/bin:/bin:/usr/sbin:/sbin");
    // Another user's cache is used where that user is trusted.
    builder.environment().put("KATA_TRUSTED_DIRECTORIES", fixture.cache.toString());
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(output).isZero();
    return output;
  }

  private List<String> mountedReadOnly() {
    List<String> command = new ArrayList<>(List.of("unshare", "--mount"));
    if (!ROOT) {
      command.add("--map-root-user");
    }
    command.addAll(List.of("sh", "-c", MOUNT, "sh", fixture.cache.toString()));
    return command;
  }

  /**
   * Somebody who owns none of it: root without what sets it above owners. For whoever is not root,
   * the owner without write permission.
   */
  private List<String> notTheOwner() throws Exception {
    permissions("r-xr-xr-x");
    if (!ROOT) {
      return List.of("env");
    }
    Process chown =
        new ProcessBuilder("chown", "-R", "65534:65534", fixture.cache.toString()).start();
    assertThat(chown.waitFor()).isZero();
    return List.of(
        "setpriv",
        "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown",
        "--inh-caps=-all");
  }

  private void permissions(String forDirectories) throws IOException {
    Files.walkFileTree(
        fixture.cache,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path path, BasicFileAttributes attributes)
              throws IOException {
            Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(forDirectories));
            return FileVisitResult.CONTINUE;
          }
        });
  }

  /** All files with their times: a cache that is only read stays as it is. */
  private Map<String, String> state() throws IOException {
    Map<String, String> all = new TreeMap<>();
    try (Stream<Path> files = Files.walk(fixture.cache)) {
      for (Path file : files.toList()) {
        all.put(file.toString(), Digests.stamp(file));
      }
    }
    return all;
  }

  private static void assertUsedAsItIs(String output, String first) {
    assertThat(first).contains("KEY ");
    assertThat(output)
        .contains(first.substring(first.indexOf("KEY "), first.indexOf("STORED")))
        .contains("STORED 1")
        .doesNotContainIgnoringCase("damaged", "WARN", "Exception");
  }

  @Test
  void build_everythingCachedOnReadOnlyFileSystem_isUsed() throws Exception {
    String first = build(List.of());
    Map<String, String> before = state();

    assertUsedAsItIs(build(mountedReadOnly()), first);
    assertUsedAsItIs(build(mountedReadOnly(), "verify"), first);

    assertThat(state()).isEqualTo(before);
    assertThat(fixture.downloadCount()).isEqualTo(1);
  }

  @Test
  void build_everythingCachedBySomebodyElse_isUsed() throws Exception {
    String first = build(List.of());
    List<String> other = notTheOwner();
    try {
      assertUsedAsItIs(build(other), first);
    } finally {
      permissions("rwxr-xr-x");
    }
    assertThat(fixture.downloadCount()).isEqualTo(1);
  }

  @Test
  void build_guestNotInReadOnlyCache_saysThatItCannotBeWritten() throws Exception {
    build(List.of());
    Files.write(fixture.agent, new byte[] {0}, java.nio.file.StandardOpenOption.APPEND);
    Map<String, String> before = state();

    String output = build(mountedReadOnly());

    assertThat(output)
        .contains("FAILED GUEST_BUILD_FAILED")
        .contains("the cache " + fixture.cache.resolve("guest") + " cannot be written: Read-only")
        .contains("kata guest build")
        .doesNotContainIgnoringCase("damaged");
    assertThat(state()).isEqualTo(before);
    assertThat(fixture.downloadCount()).isEqualTo(1);
  }

  @Test
  void build_nothingInTheCacheOfSomebodyElse_saysThatItCannotBeWritten() throws Exception {
    Files.createDirectories(fixture.cache.resolve("guest"));
    List<String> other = notTheOwner();
    try {
      assertThat(build(other))
          .contains("FAILED GUEST_BUILD_FAILED")
          .contains("cannot be written: permission denied");
    } finally {
      permissions("rwxr-xr-x");
    }
    assertThat(fixture.downloadCount()).isZero();
  }
}
