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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Jan 05 10:00:00 host kata[41]: ",
        "Jan  5 10:00:00.123456 host kata[41]: ",
        "Jan 05 10:00:00 kata[41]: ",
        "2026-01-05T10:00:00+0000 host kata[41]: ",
        "2026-01-05T10:00:00+01:00 host kata[41]: ",
        "2026-01-05T10:00:00.123456+0000 host kata[41]: ",
        "2026-01-05T10:00:00Z kata: ",
        "Mon 2026-01-05 10:00:00 UTC host kata[41]: ",
        "Mon 2026-01-05 10:00:00.123456 CET host containerd.service[41]: ",
        "Mon 2026-01-05 10:00:00 UTC host user@1000.service/app-kata.scope[41]: ",
        "1767607200.123456 host kata[41]: ",
        "[ 1234.567890] host kata[41]: ",
        "[ 1234.567890 <    0.000123 >] host kata[41]: ",
        "",
        "2026-01-05T10:00:00.1Z stderr F ",
        "<30>1 2026-01-05T10:00:00Z host kata 41 - - "
      })
  void prefixes_ofJournalctlAndSyslog_areLeftOffAndNothingIsSwallowed(String prefix)
      throws IOException {
    String text = "time=\"2026-01-05T10:00:0%d.5Z\" level=info msg=\"m%d\" pid=41 name=k source=s";
    List<LogEntry> entries =
        read(prefix + text.replace("%d", "1") + "\n" + prefix + text.replace("%d", "2") + "\n");

    assertThat(entries).extracting(LogEntry::message).containsExactly("m1", "m2");
    assertThat(entries.get(0).time()).hasValue(Instant.parse("2026-01-05T10:00:01.5Z"));
    assertThat(entries).allMatch(entry -> entry.kind() == Kind.KATA);
    assertThat(entries).allMatch(entry -> LogCheck.problems(entry).isEmpty());
  }

  @Test
  void journalLines_ofOtherPrograms_areEntriesWithTheirTimeAndProgram() throws IOException {
    List<LogEntry> entries =
        read(
            """
            -- Boot 3f1c2b --
            2026-01-05T10:00:00+0000 host kata[41]: level=info msg=one
            2026-01-05T10:00:01+0000 host systemd[1]: Started a thing.
            2026-01-05T10:00:02+0000 host kata[41]: panic: it broke
                                                    goroutine 1 [running]
            2026-01-05T10:00:03+0000 host kata[41]: [WARN] LedgerSweep - removed
            """);

    assertThat(entries).hasSize(5);
    assertThat(entries.get(1).time()).hasValue(Instant.parse("2026-01-05T10:00:00Z"));
    assertThat(entries.get(2).kind()).isEqualTo(Kind.JOURNAL);
    assertThat(entries.get(2).name()).isEqualTo("systemd");
    assertThat(entries.get(2).message()).isEqualTo("Started a thing.");
    assertThat(entries.get(2).fields()).isEqualTo(Map.of("host", "host"));
    assertThat(entries.get(3).message()).startsWith("panic: it broke\n").contains("goroutine 1");
    assertThat(entries.get(4).kind()).isEqualTo(Kind.JAVA);
    assertThat(entries.get(4).time()).hasValue(Instant.parse("2026-01-05T10:00:03Z"));
    assertThat(entries.subList(2, 5)).allMatch(entry -> LogCheck.problems(entry).isEmpty());
  }

  @Test
  void journalJson_isTakenApart_alsoWithBytesAndWithoutText() throws IOException {
    String head =
        "{\"__REALTIME_TIMESTAMP\":\"1767607200123456\",\"_PID\":\"41\",\"_HOSTNAME\":\"h\","
            + "\"SYSLOG_IDENTIFIER\":\"kata\",\"PRIORITY\":\"3\",\"MESSAGE\":";
    List<LogEntry> entries =
        read(
            head
                + "\"level=info msg=one name=k pid=7 source=s\"}\n"
                + "data: "
                + head
                + "[111,110,195,188,233]}\n"
                + head
                + "null}\n");

    assertThat(entries.get(0).message()).isEqualTo("one");
    assertThat(entries.get(0).pid()).isEqualTo("7");
    assertThat(entries.get(0).time()).hasValue(Instant.parse("2026-01-05T10:00:00.123456Z"));
    assertThat(entries.get(1).message()).isEqualTo("on\u00fc\ufffd");
    assertThat(entries.get(1).level()).isEqualTo("error");
    assertThat(entries.get(2).kind()).isEqualTo(Kind.JOURNAL);
    assertThat(entries).hasSize(3);
  }

  @Test
  void fieldsOfOneName_areAllKept() throws IOException {
    assertThat(one("level=info msg=x sandbox=a sandbox=b sandbox=b").fields())
        .isEqualTo(Map.of("sandbox", "a", "sandbox.2", "b"));
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
