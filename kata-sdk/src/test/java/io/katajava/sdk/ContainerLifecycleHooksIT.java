package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Container;
import io.katajava.ContainerBuilder;
import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.agent.oci.OciCapability;
import io.katajava.agent.oci.OciHook;
import io.katajava.agent.oci.OciHooks;
import io.katajava.agent.oci.OciMount;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Hooks of the OCI runtime specification, seen by a container with a view of the guest's /run. */
class ContainerLifecycleHooksIT {
  /** The guest has no shell of its own. */
  private static final String BUSYBOX = "/usr/lib/kata/rootfs/busybox/bin/busybox";

  @TempDir static Path directory;
  private static Leftovers leftovers;
  private static Kata kata;
  private static Sandbox sandbox;
  private static Container observer;

  @BeforeAll
  static void start() {
    Path state = directory.resolve("s");
    leftovers = new Leftovers(state);
    kata = Kata.builder().stateDirectory(state).build();
    sandbox = kata.sandbox().name("pod").start();
    observer =
        sandbox
            .container("observer")
            .mount(OciMount.of("/guest", "bind", "/run", "rbind", "rslave"))
            .mount(OciMount.of("/cgroups", "bind", "/sys/fs/cgroup", "bind", "ro"))
            .start();
  }

  @AfterAll
  static void closeLeavesNothing() {
    kata.close();
    leftovers.assertNone();
  }

  private static OciHook guest(String script) {
    return OciHook.of(BUSYBOX, "sh", "-c", script);
  }

  private static ContainerBuilder with(UnaryOperator<OciHooks.Builder> hooks) {
    return sandbox.container("hooked").hooks(hooks.apply(OciHooks.builder()).build());
  }

  private static String look(String script) {
    return observer.exec("sh", "-c", script).orThrow().stdoutText().strip();
  }

  @Test
  void hooks_ofALife_runInTheirOrderWithTheStateOfTheirTime() {
    String note = BUSYBOX + " sed \"s/^/$POINT /\" >>/run/notes; echo >>/run/notes";
    OciHook atRuntime = guest(note).withEnv("POINT", "createRuntime");
    try (Container container =
        sandbox
            .container("hooked")
            .user("1000:1000")
            .tmpfs("/tmp", MemorySize.mebibytes(1))
            .hooks(
                OciHooks.builder()
                    .createRuntime(atRuntime)
                    .createRuntime(atRuntime.withEnv("POINT", "second"))
                    .createContainer(guest(note).withEnv("POINT", "createContainer"))
                    .startContainer(
                        OciHook.of("/bin/sh", "-c", "cat >/tmp/state; id -u >/tmp/user"))
                    .poststart(guest(note).withEnv("POINT", "poststart"))
                    .poststop(guest(note).withEnv("POINT", "poststop"))
                    .build())
            .create()) {
      assertThat(look("cat /guest/notes").lines().map(ContainerLifecycleHooksIT::pointAndStatus))
          .containsExactly("createRuntime creating", "second creating", "createContainer creating");
      // The container's side counts from 1, the guest's has its own number.
      assertThat(look("grep createContainer /guest/notes")).contains("\"pid\":1,");
      String pid = look("sed -n 's/^createRuntime.*\"pid\":\\([0-9]*\\),.*/\\1/p' /guest/notes");
      assertThat(Integer.parseInt(pid)).isGreaterThan(1);
      String id = sandbox.id() + "-hooked";
      assertThat(look("head -1 /guest/notes"))
          .contains("\"ociVersion\":\"", "\"id\":\"" + id + "\"", "\"annotations\":{}")
          .contains("\"bundle\":\"/run/kata-containers/shared/containers/" + id + "\"");

      container.start();
      assertThat(pointAndStatus(look("tail -1 /guest/notes"))).isEqualTo("poststart running");
      assertThat(look("tail -1 /guest/notes")).contains("\"pid\":" + pid + ",");
      assertThat(container.exec("cat", "/tmp/state").stdoutText())
          .contains("\"status\":\"created\"", "\"pid\":1,");
      assertThat(container.exec("cat", "/tmp/user").stdoutText()).isEqualTo("1000\n");
    }
    assertThat(pointAndStatus(look("tail -1 /guest/notes"))).isEqualTo("poststop stopped");
    assertThat(look("tail -1 /guest/notes")).doesNotContain("pid");
    look("rm /guest/notes");
  }

  private static String pointAndStatus(String line) {
    return line.replaceFirst("^(\\w+) .*\"status\":\"(\\w+)\".*", "$1 $2");
  }

  @Test
  void createHook_thatFails_isTheErrorAndLeavesNothing() {
    for (UnaryOperator<OciHooks.Builder> failing :
        List.<UnaryOperator<OciHooks.Builder>>of(
            h -> h.createRuntime(guest("echo no such luck >&2; exit 3")),
            h -> h.createContainer(guest("echo no such luck; exit 3")))) {
      assertThatThrownBy(
              () -> with(h -> failing.apply(h).poststop(guest("echo x >>/run/after"))).create())
          .isInstanceOfSatisfying(
              KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.AGENT_REFUSED))
          .hasMessageContaining("exit status 3: no such luck");
    }
    assertThat(sandbox.containers()).extracting(Container::name).doesNotContain("hooked");
    // What was begun is ended in the same way.
    assertThat(look("wc -l </guest/after; rm /guest/after")).isEqualTo("2");
    try (Container again = with(h -> h).start()) {
      assertThat(again.exec("true").isSuccess()).isTrue();
    }
  }

  @Test
  void startHook_thatFailsOrIsNotThere_keepsTheProgramFromRunning() {
    for (String script : List.of("exit 4", "kill -9 $$")) {
      assertThatThrownBy(
              () ->
                  with(h -> h.startContainer(OciHook.of("/bin/sh", "-c", script)))
                      .command("sh", "-c", "echo x >/guest/ran")
                      .mount(OciMount.of("/guest", "bind", "/run", "rbind"))
                      .start())
          .isInstanceOf(KataException.class)
          .hasMessageContaining("hook /bin/sh: ");
    }
    assertThatThrownBy(() -> with(h -> h.startContainer(OciHook.of("/no/such/hook"))).start())
        .hasMessageContaining("hook /no/such/hook: exit status 127: exec: ENOENT");
    assertThat(observer.exec("test", "-e", "/guest/ran").isSuccess()).isFalse();
  }

  @Test
  void poststartHook_thatFails_killsTheContainer() {
    try (Container container = with(h -> h.poststart(guest("exit 5"))).create()) {
      assertThatThrownBy(container::start).hasMessageContaining("exit status 5");
      look(
          "until grep -q 'populated 0' /cgroups/containers/"
              + sandbox.id()
              + "-hooked/cgroup.events; do sleep 0.1; done");
    }
  }

  @Test
  void hook_thatTakesTooLong_isKilled() {
    OciHook slow = guest(BUSYBOX + " sleep 1000 & wait").withTimeout(Duration.ofSeconds(1));
    assertThatThrownBy(() -> with(h -> h.createRuntime(slow)).create())
        .hasMessageContaining("took longer than 1 s");
    assertThat(look("ls /guest >/dev/null; echo ok")).isEqualTo("ok");
  }

  @Test
  void poststopHook_thatFails_holdsUpNothing() {
    Container container =
        with(h -> h.poststop(guest("exit 6")).poststop(guest("echo y >/run/stopped"))).start();
    container.close();
    assertThat(look("cat /guest/stopped; rm /guest/stopped")).isEqualTo("y");
  }

  @Test
  void mounts_goBetweenContainersAsTheirPropagationSays() {
    OciHook share =
        guest(
            BUSYBOX + " mount -t tmpfs x /run/vol && " + BUSYBOX + " mount --make-shared /run/vol");
    try (Container setup =
            with(h -> h.createRuntime(guest(BUSYBOX + " mkdir -p /run/vol")).createRuntime(share))
                .create();
        Container giver =
            sandbox
                .container("giver")
                .rootPropagation("rshared")
                .security(s -> s.addCapabilities(OciCapability.SYS_ADMIN))
                .mount(OciMount.of("/vol", "bind", "/run/vol", "rbind", "rshared"))
                .start();
        Container taker =
            sandbox
                .container("taker")
                .mount(OciMount.of("/vol", "bind", "/run/vol", "rbind", "rslave"))
                .start();
        Container apart =
            sandbox
                .container("apart")
                .mount(OciMount.of("/vol", "bind", "/run/vol", "rbind", "rprivate"))
                .start()) {
      assertThat(setup.name()).isEqualTo("hooked");
      giver
          .exec("sh", "-c", "mkdir /vol/m && mount -t tmpfs y /vol/m && echo z >/vol/m/f")
          .orThrow();
      assertThat(taker.exec("cat", "/vol/m/f").stdoutText()).isEqualTo("z\n");
      assertThat(apart.exec("ls", "/vol/m").stdoutText()).isEmpty();
      assertThat(taker.exec("cat", "/proc/self/mountinfo").stdoutText())
          .containsPattern(" / /vol [^\n]* master:");
      assertThat(giver.exec("cat", "/proc/self/mountinfo").stdoutText())
          .containsPattern(" / /vol [^\n]* shared:")
          .containsPattern(" / / [^\n]* shared:");
      assertThat(apart.exec("cat", "/proc/self/mountinfo").stdoutText())
          .doesNotContainPattern(" / /vol [^\n]* (shared|master):");
    }
  }
}
