package io.katajava.internal.container;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.ContainerBuilder;
import io.katajava.ContainerSpec;
import io.katajava.MemorySize;
import io.katajava.PublishedPort;
import io.katajava.Volume;
import io.katajava.agent.oci.OciMount;
import io.katajava.internal.cards.ExposedPorts;
import io.katajava.spi.ImageConfig;
import io.katajava.spi.Rootfs;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What becomes of ports and volumes as images write them. */
class ImageWordsTest {
  private static ImageConfig config(List<String> ports, List<String> volumes) {
    return new ImageConfig(
        List.of(),
        List.of(),
        Map.of(),
        Optional.empty(),
        Optional.empty(),
        ports,
        volumes,
        Optional.empty(),
        Map.of(),
        Optional.empty());
  }

  private static List<String> destinations(ContainerBuilder container, String... volumes) {
    Rootfs rootfs =
        new Rootfs("/run/c/rootfs", List.of(), List.of(), config(List.of(), List.of(volumes)), "");
    List<OciMount> mounts = ImageVolumes.mounts(rootfs, container.spec());
    assertThat(mounts)
        .allSatisfy(
            mount -> assertThat(mount.source()).isEqualTo("/run/c/rootfs" + mount.destination()));
    return mounts.stream().map(OciMount::destination).toList();
  }

  private static ContainerBuilder container() {
    return ContainerSpec.builder("c");
  }

  @Test
  void ports_asImagesWriteThem_areKnown() {
    assertThat(ExposedPorts.of(config(List.of("80/tcp", "53/UDP", "8080", "9000-9002"), List.of())))
        .containsExactly(
            PublishedPort.tcp(80),
            PublishedPort.udp(53),
            PublishedPort.tcp(8080),
            PublishedPort.tcp(9000),
            PublishedPort.tcp(9001),
            PublishedPort.tcp(9002));
  }

  @Test
  void ports_thatAreNone_areLeftOut() {
    assertThat(
            ExposedPorts.of(
                config(
                    List.of("0/tcp", "65536", "x", "80/sctp", "9-8", "1-65535", "", "7/tcp"),
                    List.of())))
        .containsExactly(PublishedPort.tcp(7));
  }

  @Test
  void volumes_arePlainPathsBelowTheRoot_outermostFirst() {
    assertThat(
            destinations(
                container(), "/b/c/", "//a", "/b", "/", "/x/../d", "relative", "/proc", "/dev/x"))
        .containsExactly("/a", "/b", "/b/c", "/d");
  }

  @Test
  void volumes_whereTheContainerHasSomething_areLeftOut() {
    ContainerBuilder container =
        container()
            .volume("/db", Volume.tmpfs(MemorySize.mebibytes(1)))
            .tmpfs("/var/cache", MemorySize.mebibytes(1))
            .emptyDirectory("shared", "/shared");

    assertThat(destinations(container, "/db", "/db/log", "/var/cache/x", "/var", "/shared", "/dbx"))
        .containsExactly("/dbx", "/var");
  }
}
