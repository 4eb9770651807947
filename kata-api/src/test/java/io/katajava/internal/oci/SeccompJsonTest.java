package io.katajava.internal.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.oci.OciCapability;
import io.katajava.agent.oci.OciSeccomp;
import io.katajava.agent.oci.OciSeccomp.Action;
import io.katajava.agent.oci.OciSeccomp.Argument;
import io.katajava.agent.oci.OciSeccomp.Operator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SeccompJsonTest {
  @Test
  void profile_everyPart_isRead() {
    OciSeccomp filter =
        SeccompJson.parse(
            """
            {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "comment": null,
             "architectures": ["SCMP_ARCH_X86_64"], "flags": ["SECCOMP_FILTER_FLAG_LOG"],
             "syscalls": [
               {"names": ["read", "wr\\u0069te"], "action": "SCMP_ACT_ALLOW"},
               {"names": ["clone"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38, "args": [
                 {"index": 5, "value": 18446744073709551615, "valueTwo": 2, "op": "SCMP_CMP_MASKED_EQ"}]}]}
            """);

    assertThat(filter)
        .isEqualTo(
            new OciSeccomp(
                Action.ERRNO,
                List.of("SCMP_ARCH_X86_64"),
                List.of("SECCOMP_FILTER_FLAG_LOG"),
                List.of(
                    new OciSeccomp.Rule(
                        List.of("read", "write"), Action.ALLOW, Optional.empty(), List.of()),
                    new OciSeccomp.Rule(
                        List.of("clone"),
                        Action.ERRNO,
                        Optional.of(38),
                        List.of(new Argument(5, -1, 2, Operator.MASKED_EQ))))));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{}",
        "{\"defaultAction\":\"SCMP_ACT_MAYBE\"}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\"} x",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"defaultAction\":\"SCMP_ACT_KILL\"}",
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[1]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
            + "\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
            + "\"args\":[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
            + "\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\"]}}]}"
      })
  void profile_thatCannotBeKept_isRefused(String json) {
    assertThatThrownBy(() -> SeccompJson.parse(json)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void profile_nestedWithoutEnd_isRefusedAndNoOverflow() {
    assertThatThrownBy(() -> SeccompJson.parse("[".repeat(100_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("deep");
  }

  @Test
  void standard_capability_bringsItsCallsAlong() {
    assertThat(refused(Set.of())).contains("mount", "bpf", "init_module", "keyctl", "clone3");
    assertThat(refused(Set.of(OciCapability.SYS_ADMIN)))
        .contains("init_module", "keyctl")
        .doesNotContain("mount", "bpf", "clone", "clone3");
    assertThat(refused(Set.of(OciCapability.SYS_MODULE)))
        .contains("mount")
        .doesNotContain("init_module");
  }

  private static List<String> refused(Set<OciCapability> capabilities) {
    return StandardSeccomp.profile(capabilities).rules().stream()
        .flatMap(rule -> rule.names().stream())
        .toList();
  }
}
