package io.katajava.cli;

import io.katajava.agent.AgentAddress;
import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentException;
import io.katajava.agent.AgentMethod;
import io.katajava.base.text.PrintableText;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Optional;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.ParsedLine;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;

/** Lines of {@code METHOD [JSON]}, from a person or a file. */
final class AgentShell {
  private static final List<String> WORDS = List.of("describe", "help", "list", "quit");

  private final AgentClient client;
  private final PrintWriter out;
  private final PrintWriter err;

  AgentShell(AgentClient client, PrintWriter out, PrintWriter err) {
    this.client = client;
    this.out = out;
    this.err = err;
  }

  /** Runs every line; the first one that fails ends it. */
  int runLines(BufferedReader lines) throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (isEnd(line)) {
        return 0;
      }
      if (!execute(line)) {
        return ExitCodes.OWN_FAILURE;
      }
    }
    return 0;
  }

  /** Reads lines with history and completion until the end of input. */
  int runInteractive(AgentAddress address) throws IOException {
    try (Terminal terminal = TerminalBuilder.builder().build()) {
      // Quotes belong to the JSON.
      DefaultParser words = new DefaultParser();
      words.setQuoteChars(new char[0]);
      words.setEscapeChars(new char[0]);
      LineReader reader =
          LineReaderBuilder.builder()
              .terminal(terminal)
              .parser(words)
              .completer((line, text, candidates) -> complete(text, candidates))
              .build();
      out.println("Agent at " + address + "; METHOD [JSON], Tab completes, help says more.");
      out.flush();
      while (true) {
        try {
          String line = reader.readLine("agent> ");
          if (isEnd(line)) {
            return 0;
          }
          execute(line);
        } catch (UserInterruptException e) {
          // The line is given up, as in any shell.
        } catch (EndOfFileException e) {
          return 0;
        }
        if (client.onClose().isDone()) {
          return ExitCodes.OWN_FAILURE;
        }
      }
    }
  }

  static void complete(ParsedLine line, List<Candidate> candidates) {
    String first = line.words().get(0);
    if (line.wordIndex() == 0 || (line.wordIndex() == 1 && first.equals("describe"))) {
      AgentMethod.all().forEach(method -> candidates.add(new Candidate(method.name())));
      if (line.wordIndex() == 0) {
        WORDS.forEach(word -> candidates.add(new Candidate(word)));
      }
    } else if (line.wordIndex() == 1) {
      AgentMethod.find(first)
          .map(AgentMethodHelp::template)
          .ifPresent(template -> candidates.add(new Candidate(template)));
    }
  }

  private static boolean isEnd(String line) {
    return line.strip().equals("quit") || line.strip().equals("exit");
  }

  /** Whether the line could be done. */
  boolean execute(String line) {
    String[] parts = line.strip().split("\\s+", 2);
    String rest = parts.length > 1 ? parts[1] : "";
    try {
      switch (parts[0]) {
        case "" -> {}
        case "help" ->
            out.println(
                "METHOD [JSON]    call an RPC\nlist             all methods with their fields\n"
                    + "describe METHOD  everything about one\nquit             leave");
        case "list" -> AgentMethodHelp.list(out);
        case "describe" -> AgentMethodHelp.describe(method(rest), out);
        default -> out.println(PrintableText.json(client.json().call(method(parts[0]), rest)));
      }
      return true;
    } catch (AgentException | IllegalArgumentException e) {
      err.println(e.getMessage());
      return false;
    } finally {
      out.flush();
      err.flush();
    }
  }

  private static AgentMethod method(String name) {
    Optional<AgentMethod> found = AgentMethod.find(name);
    return found.orElseThrow(
        () -> new IllegalArgumentException("no method \"" + name + "\"; list shows all"));
  }
}
