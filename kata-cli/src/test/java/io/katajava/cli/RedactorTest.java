package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RedactorTest {
  private static final String SECRET = "hunter2hunter2";

  private static String redact(String text) {
    return new Redactor(Map.of()).redact(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "password = \"hunter2hunter2\"",
        "registry_password: hunter2hunter2",
        "{\"api_key\": \"hunter2hunter2\"}",
        "{\"accessToken\":\"hunter2hunter2\"}",
        "AWS_SECRET_ACCESS_KEY=hunter2hunter2",
        "export GH_TOKEN='hunter2hunter2'",
        "Authorization: Bearer hunter2hunter2",
        "authorization: Basic hunter2hunter2",
        "sending Bearer hunter2hunter2 to it",
        "https://user:hunter2hunter2@registry.example/v2/",
        "-object secret,id=sec0,data=hunter2hunter2,format=raw",
        "run --registry-password hunter2hunter2 x",
        "level=info msg=\"x\" token=hunter2hunter2 pid=3",
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2hunter2\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nhunter2hunter2",
        "Set-Cookie: hunter2hunter2; Path=/",
        "password = \"a \\\"hunter2hunter2\\\" b\""
      })
  void secret_inAnyForm_isGone(String text) {
    assertThat(redact(text)).doesNotContain(SECRET).contains(Redactor.REDACTED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "kernel = \"/opt/kata/vmlinux\"",
        "default_vcpus = 4",
        "https://registry.example/v2/",
        "time=2024 level=info msg=\"agent started\" pid=17",
        "qemu-system-x86_64 -m 256M -kernel /boot/vmlinuz",
        "the Basic idea is simple",
        "author = someone"
      })
  void text_withoutSecrets_staysAsItIs(String text) {
    assertThat(redact(text)).isEqualTo(text);
  }

  @Test
  void structure_aroundASecret_stays() {
    assertThat(redact("[a]\npassword = \"x y\"\nnext = 1\n"))
        .isEqualTo("[a]\npassword = \"<redacted>\"\nnext = 1\n");
    assertThat(redact("{\"token\": \"abc\", \"other\": 2}"))
        .isEqualTo("{\"token\": \"<redacted>\", \"other\": 2}");
  }

  @Test
  void valueOfASecretVariable_isGoneWhereverItOccurs() {
    Redactor redactor =
        new Redactor(Map.of("DB_PASSWORD", SECRET, "HOME", "/home/me", "SHORT_TOKEN", "abc"));

    assertThat(redactor.redact("connecting with " + SECRET + " from /home/me abc"))
        .isEqualTo("connecting with <redacted> from /home/me abc");
  }

  @Test
  @Timeout(120)
  void text_madeToBeSlow_isSearchedInLinearTime() {
    for (String unit :
        List.of("a.", "-", "a-", "secret,", "://", "x:y@", "Bearer ", "\"", "key=")) {
      String hostile = unit.repeat(50_000);

      assertThat(redact(hostile)).isNotEmpty();
    }
  }
}
