package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Birth;
import io.katajava.BirthPolicy;
import io.katajava.Choice;
import io.katajava.Kata;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.SandboxBuilder;
import io.katajava.TemplateInfo;
import io.katajava.qemu.QemuConfig;
import io.katajava.qemu.device.Nic;
import io.katajava.qemu.device.NicBackend;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Clones of a template: what they share, and what they must not. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class TemplateIT {
  private OpenStore store;
  private TemplateInfo template;

  @BeforeAll
  void build() {
    store = new OpenStore();
    try (Kata kata = kata()) {
      template = kata.templates().build(kata.sandbox().spec());
    }
  }

  @AfterAll
  void end() {
    new Leftovers(store.state()).assertNone();
    assertThat(store.drafts()).isEmpty();
    store.close();
  }

  private Kata kata() {
    return kata(QemuConfig.builder().build());
  }

  private Kata kata(QemuConfig qemu) {
    return Kata.builder()
        .stateDirectory(store.state())
        .templates(store.settings())
        .hypervisor(qemu)
        .build();
  }

  private static String ask(Sandbox sandbox, String... command) {
    return sandbox.exec(command).orThrow().stdoutText().strip();
  }

  @Test
  void clone_saysSo() {
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      assertThat(sandbox.birth().kind()).isEqualTo(Birth.Kind.TEMPLATE);
      assertThat(sandbox.describe())
          .contains(new Choice("birth", "template", "template " + template.id() + " fits"));
      assertThat(ask(sandbox, "uname")).isEqualTo("Linux");
      assertThat(kata.templates().list()).extracting(TemplateInfo::id).contains(template.id());
    }
  }

  @Test
  void clones_startedAtOnce_haveNothingInCommonThatTellsMachinesApart() {
    try (Kata kata = kata()) {
      List<CompletableFuture<Sandbox>> coming =
          List.of(
              kata.sandbox().image("busybox").startAsync(),
              kata.sandbox().image("busybox").startAsync());
      Set<String> seen = new HashSet<>();
      for (CompletableFuture<Sandbox> one : coming) {
        try (Sandbox sandbox = one.join()) {
          assertThat(sandbox.birth().kind()).isEqualTo(Birth.Kind.TEMPLATE);
          assertThat(ask(sandbox, "hostname")).isEqualTo(sandbox.id());
          for (List<String> command : Identity.COMMANDS) {
            String answer = ask(sandbox, command.toArray(String[]::new));
            assertThat(answer).as("%s", command).isNotBlank();
            assertThat(seen.add(command + answer)).as("%s is new: %s", command, answer).isTrue();
          }
          Identity.assertClock(sandbox);
        }
      }
    }
  }

  @Test
  void container_madeInTheClone_hasTheSameIdentity() {
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().image("busybox").start();
        var other = sandbox.container("other").start()) {
      for (List<String> command :
          List.of(
              List.of("cat", "/proc/sys/kernel/random/boot_id"),
              List.of("cat", "/etc/machine-id"),
              List.of("hostname"))) {
        assertThat(other.exec(command.toArray(String[]::new)).orThrow().stdoutText().strip())
            .isEqualTo(ask(sandbox, command.toArray(String[]::new)));
      }
    }
  }

  @Test
  void larger_hasItsProcessorsAndMemoryPlugged() {
    try (Kata kata = kata()) {
      SandboxBuilder larger = kata.sandbox().vcpus(2).memory(MemorySize.mebibytes(512));
      // Where the guest's kernel takes no vCPU, from 6.12 on, this makes a template that has two.
      kata.templates().build(larger.spec());
      try (Sandbox sandbox = larger.image("busybox").start()) {
        assertThat(sandbox.birth().kind()).as(sandbox.birth().why()).isEqualTo(Birth.Kind.TEMPLATE);
        assertThat(ask(sandbox, "nproc")).isEqualTo("2");
        String total = ask(sandbox, "awk", "/^MemTotal/ {print $2}", "/proc/meminfo");
        assertThat(Long.parseLong(total)).isGreaterThan(400L << 10);
      }
    }
  }

  /** As with kernels from 6.12 on, which this one is made to resemble. */
  @Test
  void larger_ofAGuestThatTakesNoVcpu_hasATemplateOfItsOwnAndLeavesTheOther() {
    QemuConfig qemu = QemuConfig.builder().addKernelParameter("possible_cpus=1").build();
    try (Kata kata = kata(qemu)) {
      TemplateInfo usual = kata.templates().build(kata.sandbox().spec());
      try (Sandbox sandbox = kata.sandbox().vcpus(2).start()) {
        assertThat(sandbox.birth().why()).contains("2 vCPUs need a template of their own");
      }
      TemplateInfo larger = kata.templates().build(kata.sandbox().vcpus(2).spec());

      assertThat(usual.vcpus()).isEqualTo(1);
      assertThat(larger.vcpus()).isEqualTo(2);
      try (Sandbox sandbox = kata.sandbox().vcpus(2).image("busybox").start()) {
        assertThat(sandbox.birth().why()).contains("template " + larger.id() + " fits");
      }
      assertThat(kata.templates().list())
          .extracting(TemplateInfo::id)
          .contains(usual.id(), larger.id());
      kata.templates().remove(usual.id());
      kata.templates().remove(larger.id());
    }
  }

  @Test
  void networkCard_isPluggedWithAnAddressOfItsOwn() {
    QemuConfig qemu =
        QemuConfig.builder().addDevice(Nic.of("net0", NicBackend.User.network())).build();
    Set<String> addresses = new HashSet<>();
    try (Kata kata = kata(qemu)) {
      for (int i = 0; i < 2; i++) {
        SandboxBuilder builder = kata.sandbox().birth(BirthPolicy.TEMPLATE_ON_DEMAND);
        try (Sandbox sandbox = builder.image("busybox").start()) {
          assertThat(sandbox.birth().why()).contains("plugged in after: Nic net0");
          // The guest may have interfaces without a card, which are the same in every clone.
          addresses.add(
              ask(
                  sandbox,
                  "sh",
                  "-c",
                  "for card in /sys/class/net/*/device; do cat ${card%device}address; done"));
        }
      }
    }
    assertThat(addresses).hasSize(2);
  }

  @Test
  void otherSettings_areNotServedByIt() {
    QemuConfig other = QemuConfig.builder().addKernelParameter("audit=0").build();
    try (Kata kata = kata(other);
        Sandbox sandbox = kata.sandbox().start()) {
      assertThat(sandbox.birth()).isEqualTo(new Birth(Birth.Kind.COLD, "no template fits yet"));
    }
  }

  @Test
  void damaged_isNotUsedAndBuiltAnew() throws Exception {
    try (OpenStore own = new OpenStore();
        Kata kata = Kata.builder().stateDirectory(own.state()).templates(own.settings()).build()) {
      TemplateInfo first = kata.templates().build(kata.sandbox().spec());
      for (String name : List.of("state", "memory", "manifest")) {
        Path file = first.directory().resolve(name);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
          channel.write(java.nio.ByteBuffer.wrap(new byte[] {1, 2, 3}), Files.size(file) / 2);
        }
        assertThat(kata.templates().status(kata.sandbox().spec()).template()).as(name).isEmpty();
        try (Sandbox sandbox =
            kata.sandbox().birth(BirthPolicy.TEMPLATE_ON_DEMAND).image("busybox").start()) {
          assertThat(sandbox.birth().kind()).isEqualTo(Birth.Kind.TEMPLATE);
          assertThat(ask(sandbox, "uname")).isEqualTo("Linux");
        }
      }
    }
  }

  @Test
  void close_whileATemplateIsBuilt_leavesNoDraft() {
    try (OpenStore own = new OpenStore()) {
      try (Kata kata =
          Kata.builder().stateDirectory(own.state()).templates(own.settings()).build()) {
        kata.sandbox().birth(BirthPolicy.TEMPLATE_IN_BACKGROUND).start().close();
      }
      assertThat(own.drafts()).isEmpty();
      new Leftovers(own.state()).assertNone();
    }
  }

  @Test
  void background_buildsAfterTheFirstBoot() {
    try (OpenStore own = new OpenStore();
        Kata kata = Kata.builder().stateDirectory(own.state()).templates(own.settings()).build()) {
      SandboxBuilder builder = kata.sandbox().birth(BirthPolicy.TEMPLATE_IN_BACKGROUND);
      try (Sandbox sandbox = builder.start()) {
        assertThat(sandbox.birth().kind()).isEqualTo(Birth.Kind.COLD);
      }
      assertThat(Leftovers.within(Duration.ofMinutes(2), () -> !kata.templates().list().isEmpty()))
          .isTrue();
      try (Sandbox sandbox = builder.start()) {
        assertThat(sandbox.birth().kind()).isEqualTo(Birth.Kind.TEMPLATE);
      }
    }
  }

  @Test
  void cold_isColdThoughATemplateFits() {
    try (Kata kata = kata();
        Sandbox sandbox = kata.sandbox().birth(BirthPolicy.COLD).start()) {
      assertThat(sandbox.birth()).isEqualTo(new Birth(Birth.Kind.COLD, "it was asked for"));
    }
  }

  /** What tells machines apart, as a container sees it. */
  static final class Identity {
    static final List<List<String>> COMMANDS =
        List.of(
            List.of("cat", "/proc/sys/kernel/random/boot_id"),
            List.of("cat", "/etc/machine-id"),
            List.of("hostname"),
            List.of("cat", "/proc/sys/kernel/random/uuid"),
            List.of("sh", "-c", "head -c 32 /dev/urandom | od -An -tx1"));

    private Identity() {}

    /** Generous: the machine may be busy, and asking takes its time. */
    static void assertClock(Sandbox sandbox) {
      Instant before = Instant.now();
      long guest = Long.parseLong(ask(sandbox, "date", "+%s"));
      Instant after = Instant.now();
      assertThat(guest).isBetween(before.getEpochSecond() - 2, after.getEpochSecond() + 2);
    }
  }
}
