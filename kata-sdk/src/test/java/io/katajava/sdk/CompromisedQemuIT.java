package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Birth;
import io.katajava.BirthPolicy;
import io.katajava.DirectorySharing;
import io.katajava.Kata;
import io.katajava.Network;
import io.katajava.Sandbox;
import io.katajava.TemplateInfo;
import io.katajava.Volume;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * What a QEMU reaches that its guest has taken over: everything of ours on this host is tried as
 * its user. Where the JVM is not root, that user is the JVM's own, and there is nothing to try.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class CompromisedQemuIT {
  private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

  private OpenStore store;
  private Path open;
  private Kata kata;
  private TemplateInfo template;
  private Sandbox taken;
  private Sandbox sharing;
  private Sandbox fork;

  @BeforeAll
  void start() throws IOException {
    store = new OpenStore();
    open = Files.createTempDirectory("ki");
    Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
    kata = Kata.builder().stateDirectory(store.state()).templates(store.settings()).build();
    template = kata.templates().build(kata.sandbox().spec());
    taken = kata.sandbox().birth(BirthPolicy.TEMPLATE_ON_DEMAND).start();
    Path shared = Files.createDirectory(open.resolve("shared"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwx------"));
    Files.writeString(shared.resolve("file"), "of another sandbox");
    sharing =
        kata.sandbox()
            .directories(DirectorySharing.VIRTIO_FS)
            .image("busybox")
            .network(Network.user(network -> {}))
            .start();
    sharing.container("c").volume("/v", Volume.hostDirectory(shared).writable()).start();
    fork = taken.fork(1).get(0);
    taken.snapshot(open.resolve("snapshot"));
  }

  @AfterAll
  void end() throws IOException {
    kata.close();
    new Leftovers(store.state()).assertNone();
    store.close();
    try (Stream<Path> all = Files.walk(open)) {
      for (Path path : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private Path directoryOf(Sandbox sandbox) {
    return store.state().resolve(sandbox.id());
  }

  private static String status(long pid, String key) throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith(key + ":")) {
        return line.substring(key.length() + 1).strip();
      }
    }
    throw new IOException("process " + pid + " has no " + key);
  }

  private static String uid(Sandbox sandbox) throws IOException {
    return status(sandbox.hypervisorPid(), "Uid").split("\\s+", -1)[0];
  }

  /** A command as the user that the sandbox's QEMU runs as, in its groups. */
  private static List<String> as(Sandbox sandbox, String... command) throws IOException {
    String groups = status(sandbox.hypervisorPid(), "Groups").replace(' ', ',');
    List<String> line =
        new ArrayList<>(List.of("setpriv", "--reuid", uid(sandbox), "--regid", uid(sandbox)));
    line.addAll(groups.isEmpty() ? List.of("--clear-groups") : List.of("--groups", groups));
    line.addAll(List.of("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"));
    line.addAll(List.of(command));
    return line;
  }

  private static List<Path> below(Path... roots) throws IOException {
    List<Path> all = new ArrayList<>();
    for (Path root : roots) {
      if (Files.isDirectory(root)) {
        try (Stream<Path> found = Files.walk(root)) {
          found.filter(path -> !Files.isSymbolicLink(path)).forEach(all::add);
        }
      }
    }
    return all;
  }

  private List<String> deedsOn(List<Path> paths) throws IOException, InterruptedException {
    // Its class where anybody can read it.
    Path classes = Files.createDirectories(open.resolve("classes/io/katajava/sdk"));
    for (String name : List.of("Intruder", "Intruder$Deed", "Intruder$Attempt", "Intruder$1")) {
      try (InputStream in = Intruder.class.getResourceAsStream(name + ".class")) {
        if (in != null) {
          Files.write(classes.resolve(name + ".class"), in.readAllBytes());
        }
      }
    }
    Path out = open.resolve("deeds");
    Process intruder =
        new ProcessBuilder(
                as(
                    taken,
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    open.resolve("classes").toString(),
                    Intruder.class.getName()))
            .redirectOutput(out.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (OutputStream in = intruder.getOutputStream()) {
      for (Path path : paths) {
        in.write((Intruder.line(path) + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    assertThat(intruder.waitFor(120, TimeUnit.SECONDS)).isTrue();
    List<String> deeds = new ArrayList<>(Files.readAllLines(out));
    assertThat(deeds).as("it tried everything").endsWith("done");
    deeds.remove("done");
    return deeds;
  }

  @Test
  void compromisedQemu_asItsUser_writesAndReachesNothingOfOthers() throws Exception {
    assertThat(taken.birth().kind()).isEqualTo(Birth.Kind.TEMPLATE);
    if (!ROOT) {
      assertThat(uid(taken))
          .isEqualTo(status(ProcessHandle.current().pid(), "Uid").split("\\s+", -1)[0]);
      return;
    }
    assertThat(List.of(uid(taken), uid(sharing), uid(fork))).doesNotHaveDuplicates();
    List<Path> all =
        below(
            store.state(),
            store.templates(),
            open.resolve("shared"),
            open.resolve("snapshot"),
            kata.directories().cache());
    assertThat(all)
        .contains(
            template.directory().resolve("memory"),
            template.directory().resolve("state"),
            open.resolve("snapshot/state"),
            directoryOf(sharing).resolve("qmp.sock"),
            directoryOf(sharing).resolve("agent.sock"),
            directoryOf(fork).resolve("qmp.sock"));
    assertThat(all).anyMatch(path -> path.toString().endsWith("initrd"));

    List<String> deeds = deedsOn(all);

    String own = " " + directoryOf(taken);
    assertThat(deeds).as("it does reach its own").anyMatch(deed -> deed.startsWith("WROTE" + own));
    assertThat(deeds)
        .filteredOn(deed -> !deed.startsWith("READ"))
        .allSatisfy(deed -> assertThat(deed).contains(own));
    // Kernels, initrds, layers and a template as it was booted are the same for all, and no secret.
    assertThat(deeds)
        .filteredOn(deed -> deed.startsWith("READ"))
        .allSatisfy(
            deed ->
                assertThat(deed)
                    .containsAnyOf(
                        own, " " + kata.directories().cache(), " " + template.directory())
                    .doesNotContain(template.directory().resolve("state").toString()));
  }

  @Test
  void compromisedQemu_byWhatItHasOpen_writesNothingOfOthers() throws Exception {
    for (Sandbox sandbox : List.of(taken, fork, sharing)) {
      long pid = sandbox.hypervisorPid();
      List<String> writable = new ArrayList<>();
      try (Stream<Path> descriptors = Files.list(Path.of("/proc/" + pid + "/fd"))) {
        for (Path descriptor : descriptors.toList()) {
          String name = Files.readSymbolicLink(descriptor).toString();
          boolean file =
              name.startsWith("/") && !name.startsWith("/dev/") && Files.isRegularFile(descriptor);
          if (file && mayWrite(pid, descriptor)) {
            writable.add(name);
          }
        }
      }
      assertThat(writable)
          .allSatisfy(
              name ->
                  assertThat(name)
                      .matches(
                          path ->
                              path.startsWith(directoryOf(sandbox) + "/")
                                  || path.endsWith(" (deleted)")));
    }
  }

  /** A descriptor that is open for writing, to a file that takes it: a sealed one does not. */
  private static boolean mayWrite(long pid, Path descriptor) throws IOException {
    Path information =
        Path.of("/proc/" + pid + "/fdinfo")
            .resolve(Objects.requireNonNull(descriptor.getFileName()));
    for (String line : Files.readAllLines(information)) {
      if (line.startsWith("flags:")) {
        return (Integer.parseInt(line.substring("flags:".length()).strip(), 8) & 3) != 0;
      }
    }
    throw new IOException(information + " has no flags");
  }

  @Test
  void compromisedQemu_asItsUser_signalsAndTracesNoOther() throws Exception {
    if (!ROOT) {
      return;
    }
    for (long other :
        new long[] {sharing.hypervisorPid(), fork.hypervisorPid(), ProcessHandle.current().pid()}) {
      Process kill = new ProcessBuilder(as(taken, "sh", "-c", "kill -0 " + other)).start();
      assertThat(kill.waitFor()).as("a signal to %s", other).isNotZero();
      Process look =
          new ProcessBuilder(as(taken, "sh", "-c", ": </proc/" + other + "/mem")).start();
      assertThat(look.waitFor()).as("the memory of %s", other).isNotZero();
    }
  }

  /** As docs/security.md lists them. */
  @Test
  void files_haveTheOwnersAndModesThatAreDocumented() throws Exception {
    if (!ROOT) {
      return;
    }
    String own = uid(taken);
    Map<Path, String> expected =
        Map.of(
            store.state(), "0:0 rwx--x--x",
            directoryOf(taken), own + ":" + own + " rwx------",
            template.directory(), "0:0 rwx--x--x",
            template.directory().resolve("memory"), "0:61183 rw-r-----",
            template.directory().resolve("state"), "0:0 rw-------",
            open.resolve("snapshot/state"), "0:0 rw-------");
    for (Map.Entry<Path, String> one : expected.entrySet()) {
      Path path = one.getKey();
      assertThat(
              Files.getAttribute(path, "unix:uid", LinkOption.NOFOLLOW_LINKS)
                  + ":"
                  + Files.getAttribute(path, "unix:gid")
                  + " "
                  + PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
          .as("%s", path)
          .isEqualTo(one.getValue());
    }
  }
}
