package io.katajava.internal.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.Seccomp;
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
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SeccompJsonTest {
  @Test
  void profile_everyPart_isRead() {
    OciSeccomp filter =
        filter(
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
                Optional.of(1),
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
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4294967297}",
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}",
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":1,\"defaultErrno\":\"ENOSYS\"}",
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrno\":\"EWHAT\"}",
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_ARM\"],\"archMap\":[{}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[1]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[],\"action\":\"SCMP_ACT_LOG\"}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
            + "\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
            + "\"args\":[{\"index\":0,\"value\":-1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
            + "\"includes\":{\"caps\":[\"CAP_SYS_ADMN\"]}}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
            + "\"excludes\":{\"minKernel\":\"6.9\"}}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"action\":\"SCMP_ACT_LOG\","
            + "\"includes\":{\"distribution\":[\"x\"]}}]}",
        "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"a\"],\"name\":\"b\","
            + "\"action\":\"SCMP_ACT_LOG\"}]}"
      })
  void profile_thatCannotBeKept_isRefused(String json) {
    assertThatThrownBy(() -> SeccompJson.parse(json)).isInstanceOf(IllegalArgumentException.class);
  }

  /** The members that the profiles of Docker and Podman have, each in a place where it counts. */
  private static final String ENGINE_PROFILE =
      """
      {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 38, "defaultErrno": "ENOSYS",
       "archMap": [
         {"architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86", "SCMP_ARCH_X32"]},
         {"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]},
         {"architecture": "SCMP_ARCH_RISCV64", "subArchitectures": null}],
       "syscalls": [
         {"name": "read", "action": "SCMP_ACT_ALLOW", "args": null, "comment": "", "includes": {}, "excludes": {}},
         {"names": ["ptrace"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "4.8"}},
         {"names": ["old"], "action": "SCMP_ACT_ALLOW", "excludes": {"minKernel": "4.8"}},
         {"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64", "x32"]}},
         {"names": ["set_tls"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["arm", "arm64"]}},
         {"names": ["mount"], "action": "SCMP_ACT_ALLOW",
          "includes": {"caps": ["CAP_SYS_ADMIN", "CAP_MKNOD"]}},
         {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errno": "EPERM", "errnoRet": 1,
          "excludes": {"caps": ["CAP_SYS_ADMIN"], "arches": ["s390x"]}}]}
      """;

  @Test
  void profileOfAnEngine_onX86_hasTheRulesForItAndForTheCapabilities() {
    Seccomp profile = SeccompJson.parse(ENGINE_PROFILE, "amd64");

    OciSeccomp plain = profile.filter(Set.of(OciCapability.SYS_ADMIN)).orElseThrow();
    assertThat(plain.defaultErrno()).contains(38);
    assertThat(plain.architectures())
        .containsExactly("SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32");
    assertThat(names(plain)).containsExactly("read", "ptrace", "arch_prctl");
    Set<OciCapability> both = Set.of(OciCapability.SYS_ADMIN, OciCapability.MKNOD);
    assertThat(names(profile.filter(both).orElseThrow())).contains("mount");
    OciSeccomp none = profile.filter(Set.of()).orElseThrow();
    assertThat(names(none)).contains("clone3").doesNotContain("mount");
    assertThat(none.rules().get(none.rules().size() - 1).errno()).contains(1);
  }

  @Test
  void profileOfAnEngine_onArm_hasTheRulesForIt() {
    OciSeccomp filter = SeccompJson.parse(ENGINE_PROFILE, "aarch64").filter(Set.of()).orElseThrow();

    assertThat(filter.architectures()).containsExactly("SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM");
    assertThat(names(filter)).containsExactly("read", "ptrace", "set_tls", "clone3");
  }

  private static OciSeccomp filter(String json) {
    return SeccompJson.parse(json).filter(Set.of()).orElseThrow();
  }

  private static List<String> names(OciSeccomp filter) {
    return filter.rules().stream().flatMap(rule -> rule.names().stream()).toList();
  }

  @Test
  void profile_nestedWithoutEnd_isRefusedAndNoOverflow() {
    assertThatThrownBy(() -> SeccompJson.parse("[".repeat(100_000)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("nesting depth");
    assertThatThrownBy(() -> SeccompJson.parse("[".repeat(40) + "]".repeat(40)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("deep");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{\"comment\":1,\"comment\":2}  | 'comment' occurs twice",
        "{\"comment\":1e1000}           | is no number",
        "{\"comment\":1e-9999}          | is no number",
        "{\"comment\":01}               | not JSON",
        "{\"comment\":NaN}              | not JSON",
        "{\"comment\":1} {}             | not JSON",
        "{'comment':1}                  | not JSON",
      })
  void profile_thatIsMoreOrLessThanJson_isRefused(String json, String why) {
    assertThatThrownBy(() -> SeccompJson.parse(json))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
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
    return names(StandardSeccomp.profile(capabilities));
  }
}
