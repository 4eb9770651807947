package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExecSpecTest {

  @Test
  void toBuilder_everyMember_leadsBack() {
    ExecSpec spec =
        ExecSpec.command("sh", "-c", "true")
            .env("A", "1")
            .workdir("/tmp")
            .user("1000:1000")
            .timeout(Duration.ofSeconds(3))
            .outputLimit(MemorySize.kibibytes(4))
            .tty(80, 24)
            .build();

    ExecSpec copy = spec.toBuilder().build();

    assertThat(copy.command()).isEqualTo(spec.command());
    assertThat(copy.env()).isEqualTo(spec.env());
    assertThat(copy.workdir()).isEqualTo(spec.workdir());
    assertThat(copy.user()).isEqualTo(spec.user());
    assertThat(copy.timeout()).isEqualTo(spec.timeout());
    assertThat(copy.outputLimit()).isEqualTo(spec.outputLimit());
    assertThat(copy.terminal()).isEqualTo(spec.terminal());
  }

  @Test
  void toString_secrets_areNotShown() {
    ExecSpec spec = ExecSpec.command("login", "--password=hunter2").env("TOKEN", "abc").build();

    assertThat(spec.toString()).contains("login").doesNotContain("hunter2").doesNotContain("abc");
  }

  @Test
  void build_noCommand_isRejected() {
    assertThatThrownBy(() -> ExecSpec.builder().build()).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void command_emptyOrWithNul_isRejected() {
    assertThatThrownBy(() -> ExecSpec.builder().command(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ExecSpec.command("a\0b")).isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a b", "a:b:c", "a/b", "../x", ":1"})
  void user_notAUser_isRejected(String user) {
    assertThatThrownBy(() -> ExecSpec.builder().user(user))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "A=B", "A\0"})
  void env_badName_isRejected(String name) {
    assertThatThrownBy(() -> ExecSpec.builder().env(name, "x"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void outputLimit_twoGibibytes_isRejected() {
    assertThatThrownBy(() -> ExecSpec.builder().outputLimit(MemorySize.gibibytes(2)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("2 GiB");
  }
}
