package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ConversionTest {

  private static KataConfiguration.Builder goFile() {
    return KataConfiguration.builder()
        .set("hypervisor.qemu", "default_memory", 1024)
        .set("hypervisor.qemu", "seccompsandbox", "on")
        .set("hypervisor.qemu", "block_device_driver", "virtio-blk")
        .set("agent.kata", "dial_timeout", 45)
        .set("agent.kata", "cdh_api_timeout", 50)
        .set("runtime", "create_container_timeout", 60)
        .set("runtime", "experimental_force_guest_pull", true)
        .set("factory", "enable_template", true)
        .set("factory", "template_path", "/run/t");
  }

  @Test
  void toRust_keysMoveAndUnitsChange() {
    Conversion conversion = goFile().build().convert(Layout.RUNTIME_RS);

    assertThat(conversion.notes()).isEmpty();
    assertThat(conversion.configuration())
        .isEqualTo(
            KataConfiguration.builder()
                .set("hypervisor.qemu", "default_memory", 1024)
                .set("hypervisor.qemu", "seccomp_sandbox", "on")
                .set("hypervisor.qemu", "block_device_driver", "virtio-blk-pci")
                .set("hypervisor.qemu.factory", "enable_template", true)
                .set("hypervisor.qemu.factory", "template_path", "/run/t")
                .set("agent.kata", "reconnect_timeout_ms", 45000)
                .set("agent.kata", "cdh_api_timeout_ms", 50000)
                .set("agent.kata", "create_container_timeout", 60)
                .set("runtime", "experimental", List.of("force_guest_pull"))
                .set("runtime", "name", "virt_container")
                .set("runtime", "hypervisor_name", "qemu")
                .set("runtime", "agent_name", "kata")
                .build());
  }

  @Test
  void thereAndBack_isTheSame() {
    KataConfiguration there = goFile().unset("runtime", "experimental_force_guest_pull").build();

    assertThat(there.convert(Layout.RUNTIME_RS).configuration().convert(Layout.GO).configuration())
        .isEqualTo(there);
  }

  @Test
  void whatTheOtherDoesNotKnow_isNoted() {
    Conversion conversion =
        KataConfiguration.builder()
            .set("hypervisor.qemu", "shared_fs", "virtio-9p")
            .set("hypervisor.qemu", "msize_9p", 4096)
            .set("hypervisor.qemu", "use_legacy_serial", false)
            .set("agent.kata", "cdh_api_timeout", 50)
            .build()
            .convert(Layout.RUNTIME_RS);

    assertThat(conversion.notes())
        .containsExactly(
            "hypervisor.qemu.shared_fs = \"virtio-9p\" becomes \"none\", the nearest there is",
            "hypervisor.qemu.msize_9p = 4096 is left out: runtime-rs does not read it");
  }

  @Test
  void toGo_partsOfSeconds_areRoundedUp() {
    Conversion conversion =
        KataConfiguration.builder()
            .set("agent.kata", "reconnect_timeout_ms", 1500)
            .set("runtime", "hypervisor_name", "qemu")
            .table("hypervisor.qemu")
            .build()
            .convert(Layout.GO);

    assertThat(conversion.configuration().agent().integer("dial_timeout")).hasValue(2L);
    assertThat(conversion.configuration().runtime().settings()).isEmpty();
    assertThat(conversion.notes()).singleElement().asString().contains("rounded up");
  }
}
