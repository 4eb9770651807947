package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.oci.OciDevice;
import io.katajava.agent.oci.OciRlimit;
import io.katajava.agent.oci.OciUser;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Values that mean something else to the kernel than they say. */
class KernelMeaningsTest {
  private static ContainerBuilder container() {
    return ContainerSpec.builder("c");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "4294967295",
        "0:4294967295",
        "65534:4294967295",
        "web:4294967295",
        "4294967296",
        "18446744073709551616"
      })
  void user_beyondTheLastNumber_isRefusedByName(String user) {
    assertThatThrownBy(() -> container().user(user))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(user)
        .hasMessageContaining("4294967294");
    assertThatThrownBy(() -> ExecSpec.command("id").user(user))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "4294967294", "web:4294967294", "4294967294:0", "a.b_c-d"})
  void user_upToTheLastNumber_isTaken(String user) {
    assertThat(container().user(user).spec().process().user()).contains(user);
  }

  @Test
  void group_beyondTheLastNumber_isRefusedByName() {
    assertThat(container().groups("4294967294", "wheel").spec().process().groups())
        .containsExactly("4294967294", "wheel");
    assertThatThrownBy(() -> container().groups("wheel", "4294967295"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4294967295");
  }

  @Test
  void ociUser_beyondTheLastNumber_isRefused() {
    assertThat(new OciUser(OciUser.LAST_ID, 0, List.of(), "").uid()).isEqualTo(OciUser.LAST_ID);
    for (long bad : new long[] {-1, OciUser.LAST_ID + 1, 1L << 32}) {
      assertThatThrownBy(() -> new OciUser(bad, 0, List.of(), ""))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> new OciUser(0, bad, List.of(), ""))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> new OciUser(0, 0, List.of(bad), ""))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void device_whoseNumbersTheKernelWouldCut_isRefused() {
    assertThat(device(4095, 1_048_575, 0).major()).isEqualTo(4095);
    assertThatThrownBy(() -> device(4097, 3, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("/dev/x is 4097:3");
    assertThatThrownBy(() -> device(1, 1_048_576, 0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> device(1, 3, OciUser.LAST_ID + 1))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static OciDevice device(long major, long minor, long uid) {
    return new OciDevice("/dev/x", OciDevice.Type.CHARACTER, major, minor, 0600, uid, 0);
  }

  @Test
  void rlimit_saidTwice_isTheLaterOne_andNegativeOnlyForNone() {
    OciRlimit.Resource files = OciRlimit.Resource.NOFILE;
    assertThat(
            container()
                .rlimit(files, 10, 20)
                .rlimit(OciRlimit.Resource.CORE, 0, OciRlimit.UNLIMITED)
                .rlimit(files, 30, 40)
                .spec()
                .process()
                .rlimits())
        .containsExactly(
            new OciRlimit(OciRlimit.Resource.CORE, 0, -1), new OciRlimit(files, 30, 40));
    assertThatThrownBy(() -> container().rlimit(files, -5, -5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("NOFILE");
  }

  @Test
  void limitOfMemory_thatIsZero_isNotTakenForNone() {
    MemorySize zero = MemorySize.bytes(0);
    List<ThrowingCallable> all =
        List.of(
            () -> container().tmpfs("/t", zero),
            () -> container().emptyDirectory("d", "/d", zero),
            () -> Volume.tmpfs(zero),
            () -> WritableLayer.memory(zero));
    for (ThrowingCallable one : all) {
      assertThatThrownBy(one)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("zero");
    }
  }

  @Test
  void owner_thatIsNegative_isRefused() {
    assertThatThrownBy(() -> new ContainerFiles.Owner(-1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("-1:0");
  }
}
