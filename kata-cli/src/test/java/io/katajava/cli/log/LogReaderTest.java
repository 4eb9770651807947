package io.katajava.cli.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.cli.log.LogEntry.Kind;
import java.io.IOException;
import java.io.StringReader;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class LogReaderTest {
  private static List<LogEntry> read(String... logs) throws IOException {
    LogReader reader = new LogReader(true);
    for (int i = 0; i < logs.length; i++) {
      reader.read("log" + i, new StringReader(logs[i]));
    }
    return reader.sorted();
  }

  private static LogEntry one(String line) throws IOException {
    List<LogEntry> entries = read(line);
    assertThat(entries).hasSize(1);
    return entries.get(0);
  }

  @Test
  void logrusText_isTakenApart() throws IOException {
    LogEntry entry =
        one(
            "time=\"2024-02-15T11:02:18.123456789Z\" level=info msg=\"say \\\"hi\\\"\\tto \\u00fc\""
                + " arch=amd64 name=kata-runtime pid=4321 sandbox=abc source=virtcontainers");

    assertThat(entry.kind()).isEqualTo(Kind.KATA);
    assertThat(entry.time()).hasValue(Instant.parse("2024-02-15T11:02:18.123456789Z"));
    assertThat(entry.level()).isEqualTo("info");
    assertThat(entry.message()).isEqualTo("say \"hi\"\tto \u00fc");
    assertThat(entry.name()).isEqualTo("kata-runtime");
    assertThat(entry.pid()).isEqualTo("4321");
    assertThat(entry.source()).isEqualTo("virtcontainers");
    assertThat(entry.fields()).isEqualTo(Map.of("arch", "amd64", "sandbox", "abc"));
    assertThat(LogCheck.problems(entry)).isEmpty();
  }

  @Test
  void slogJsonOfTheAgent_isTakenApart() throws IOException {
    LogEntry entry =
        one(
            "{\"msg\":\"started\",\"level\":\"INFO\",\"ts\":\"2024-02-15T12:02:18.5+01:00\","
                + "\"name\":\"kata-agent\",\"pid\":\"1\",\"source\":\"agent\",\"n\":{\"a\":1}}");

    assertThat(entry.time()).hasValue(Instant.parse("2024-02-15T11:02:18.5Z"));
    assertThat(entry.level()).isEqualTo("info");
    assertThat(entry.fields()).isEqualTo(Map.of("n", "{\"a\":1}"));
    assertThat(LogCheck.problems(entry)).isEmpty();
  }

  @Test
  void syslogPrefix_isLeftOff() throws IOException {
    LogEntry entry =
        one("Feb 15 11:02:18 host kata[99]: time=\"2024-02-15T11:02:18Z\" level=warning msg=x");

    assertThat(entry.level()).isEqualTo("warning");
    assertThat(entry.message()).isEqualTo("x");
  }

  @Test
  void agentMessage_carriedByTheRuntime_becomesItsOwn() throws IOException {
    String carried =
        "time=\"2024-02-15T11:02:18Z\" level=debug msg=\"reading guest console\" name=kata pid=7"
            + " source=shim sandbox=abc vmconsole=\"{\\\"msg\\\":\\\"inner\\\",\\\"level\\\":"
            + "\\\"WARN\\\",\\\"ts\\\":\\\"2024-02-15T11:02:17Z\\\",\\\"name\\\":\\\"kata-agent\\\","
            + "\\\"pid\\\":\\\"1\\\",\\\"source\\\":\\\"agent\\\"}\"";

    LogEntry entry = one(carried);

    assertThat(entry.message()).isEqualTo("inner");
    assertThat(entry.level()).isEqualTo("warning");
    assertThat(entry.source()).isEqualTo("agent");
    assertThat(entry.fields()).isEqualTo(Map.of("sandbox", "abc"));

    LogReader whole = new LogReader(false);
    whole.read("log", new StringReader(carried));
    assertThat(whole.sorted().get(0).message()).isEqualTo("reading guest console");
  }

  @Test
  void ourLines_inTheLayoutsOfTheUsualLoggers_areTakenApart() throws IOException {
    LogEntry dated =
        one("2026-11-25T01:02:03.456Z [WARN] QemuLaunch - [abcdefghij] QEMU is untrusted: x");
    assertThat(dated.kind()).isEqualTo(Kind.JAVA);
    assertThat(dated.time()).hasValue(Instant.parse("2026-11-25T01:02:03.456Z"));
    assertThat(dated.level()).isEqualTo("warning");
    assertThat(dated.source()).isEqualTo("QemuLaunch");
    assertThat(dated.fields()).isEqualTo(Map.of("sandbox", "abcdefghij"));
    assertThat(dated.message()).isEqualTo("QEMU is untrusted: x");

    assertThat(one("[INFO] LedgerSweep - removed").level()).isEqualTo("info");
    LogEntry simple = one("1234 [main] INFO io.katajava.Kata - up");
    assertThat(simple.fields()).isEqualTo(Map.of("millis", "1234", "thread", "main"));
    assertThat(one("12:00:01.002 [kata-worker-1] DEBUG i.k.Engine - up").fields())
        .containsEntry("clock", "12:00:01.002");
    assertThat(one("2026-11-25 01:02:03,456 ERROR a.B - down").time()).isPresent();
  }

  @Test
  void consoleLines_areTakenApart() throws IOException {
    List<LogEntry> entries =
        read("[    0.000000] Linux version 6.1\n[    1.250000] kata-agent: ready\n");

    assertThat(entries).extracting(LogEntry::name).containsExactly("kernel", "kata-agent");
    assertThat(entries.get(1).fields()).isEqualTo(Map.of("uptime", "1.250000"));
    assertThat(entries.get(1).message()).isEqualTo("ready");
  }

  @Test
  void stackTrace_staysWithItsMessage() throws IOException {
    List<LogEntry> entries =
        read("[WARN] A - it broke\njava.io.IOException: no\n\tat a.b(C.java:1)\n[INFO] A - on\n");

    assertThat(entries).hasSize(2);
    assertThat(entries.get(0).message())
        .isEqualTo("it broke\njava.io.IOException: no\n\tat a.b(C.java:1)");
    assertThat(entries.get(1).line()).isEqualTo(4);
  }

  @Test
  void severalLogs_areMergedByTime_andUntimedLinesStayBehindTheirPredecessor() throws IOException {
    List<LogEntry> entries =
        read(
            """
            time=2024-01-01T00:00:01Z level=info msg=a1
            [INFO] X - a1b
            time=2024-01-01T00:00:03Z level=info msg=a3
            """,
            """
            time=2024-01-01T00:00:02Z level=info msg=b2
            time=2024-01-01T00:00:03Z level=info msg=b3
            """);

    assertThat(entries)
        .extracting(LogEntry::message)
        .containsExactly("a1", "a1b", "b2", "a3", "b3");
    assertThat(entries.get(2).file()).isEqualTo("log1");
  }

  @Test
  void missingFields_andABadPid_areProblems() throws IOException {
    assertThat(LogCheck.problems(one("level=info msg=x pid=-3 name=n source=s")))
        .containsExactly("log0:1: no time", "log0:1: pid is '-3', not a positive number");
    assertThat(LogCheck.problems(one("just text")))
        .singleElement()
        .matches(problem -> problem.contains("known kind"));
  }

  @Test
  void brokenLines_areText_notErrors() throws IOException {
    for (String line :
        List.of(
            "{\"msg\":",
            "msg=\"never closed",
            "msg=\"bad \\u12\"",
            "=x msg=",
            "{\"level\":1}",
            "[ 1.5] x",
            "msg=\"\\U7fffffff\"")) {
      assertThat(one(line).kind()).as(line).isEqualTo(Kind.UNKNOWN);
    }
  }

  @Property
  void anyText_neverThrows(@ForAll String text, @ForAll boolean unpack) throws IOException {
    LogReader reader = new LogReader(unpack);
    reader.read("any", new StringReader(text));
    reader.read("any", new StringReader("time=2024-01-01T00:00:01Z level=info msg=\"" + text));
    reader.read("any", new StringReader("{\"msg\":\"" + text + "\"}"));
    reader.sorted().forEach(LogCheck::problems);
  }
}
