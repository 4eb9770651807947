package io.katajava.cli;

import io.katajava.cli.log.LogCheck;
import io.katajava.cli.log.LogEntry;
import io.katajava.cli.log.LogReader;
import io.katajava.cli.log.LogWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code kata log-parse}: logs of Kata and of ours, merged, checked and converted. */
@Command(
    name = "log-parse",
    description = "Merge logs of Kata and of ours by time, check and convert them.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:The logs have no problem.",
      "1:A line lacks a field, or entries are missing."
    },
    footer = {
      "",
      "The command understands lines of Kata's runtime and agent (key=value and JSON), of",
      "this library and of a guest's console, and all of them as journalctl and syslog",
      "write them (short, short-precise, short-iso, short-full, short-unix, with-unit,",
      "cat, json). Any other line continues the message before it. JSON is written as one",
      "object a line.",
      "",
      "Examples:",
      "  journalctl -q -o cat -t kata | kata log-parse",
      "  kata log-parse --format csv -o all.csv shim.log agent.log",
      "  kata log-parse --check-only kata.log"
    })
final class LogParseCommand implements Callable<Integer> {
  private static final int SHOWN_PROBLEMS = 20;

  @Spec CommandSpec spec;

  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      description = "text, json or csv. Default: text.")
  LogWriter.Format format = LogWriter.Format.TEXT;

  @Option(
      names = {"-o", "--output-file"},
      paramLabel = "FILE",
      description = "Write to this file instead of to standard output.")
  @Nullable Path output;

  @Option(names = "--check-only", description = "Only check, and print the problems.")
  boolean checkOnly;

  @Option(names = "--ignore-missing-fields", description = "Do not report missing fields.")
  boolean ignoreMissingFields;

  @Option(names = "--error-if-file-empty", description = "Report an error if a file has no entry.")
  boolean errorIfFileEmpty;

  @Option(
      names = "--error-if-no-records",
      description = "Report an error if there is no entry at all.")
  boolean errorIfNoRecords;

  @Option(
      names = "--no-agent-unpack",
      description = "Leave the agent's messages inside those of the runtime that carried them.")
  boolean noAgentUnpack;

  @Parameters(
      arity = "0..*",
      paramLabel = "FILE",
      description = "Logs; - or none is standard input.")
  List<String> files = new ArrayList<>();

  @SuppressWarnings("NullAway.Init")
  LogParseCommand() {}

  @Override
  public Integer call() throws IOException {
    LogReader reader = new LogReader(!noAgentUnpack);
    List<String> problems = new ArrayList<>();
    for (String file : files.isEmpty() ? List.of("-") : files) {
      try (Reader log = open(file)) {
        if (reader.read(file.equals("-") ? "stdin" : file, log) == 0 && errorIfFileEmpty) {
          problems.add(file + ": the file has no entry");
        }
      }
    }
    List<LogEntry> entries = reader.sorted();
    if (entries.isEmpty() && errorIfNoRecords) {
      problems.add("the input has no entry");
    }
    if (!ignoreMissingFields) {
      entries.forEach(entry -> problems.addAll(LogCheck.problems(entry)));
    }
    if (!checkOnly) {
      write(entries);
    }
    report(problems);
    return problems.isEmpty() ? ExitCodes.DONE : ExitCodes.NEGATIVE;
  }

  /** Bytes that are no UTF-8 are shown as such instead of ending the command. */
  private static Reader open(String file) throws IOException {
    return new InputStreamReader(
        file.equals("-") ? StandardInput.stream() : Files.newInputStream(Path.of(file)),
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE));
  }

  private void write(List<LogEntry> entries) throws IOException {
    if (output == null) {
      Terminal terminal = Terminal.ofThisProcess();
      new LogWriter(spec.commandLine().getOut(), format, terminal::paint).write(entries);
      return;
    }
    try (PrintWriter file = new PrintWriter(output.toFile(), StandardCharsets.UTF_8)) {
      new LogWriter(file, format, (style, text) -> text).write(entries);
      if (file.checkError()) {
        throw new IOException("cannot write " + output + ": is the disk full?");
      }
    }
  }

  private void report(List<String> problems) {
    PrintWriter err = spec.commandLine().getErr();
    problems.stream().limit(SHOWN_PROBLEMS).forEach(problem -> err.println("kata: " + problem));
    if (problems.size() > SHOWN_PROBLEMS) {
      err.println("kata: and " + (problems.size() - SHOWN_PROBLEMS) + " more");
    }
    err.flush();
  }
}
