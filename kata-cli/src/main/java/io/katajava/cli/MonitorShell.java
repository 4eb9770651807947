package io.katajava.cli;

import io.katajava.base.text.PrintableText;
import io.katajava.base.threads.OwnedThreads;
import io.katajava.json.JsonException;
import io.katajava.qmp.EventQueue;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpClosedException;
import io.katajava.qmp.QmpEvent;
import io.katajava.qmp.QmpException;
import io.katajava.qmp.QmpInterruptedException;
import io.katajava.qmp.QmpSchema;
import io.katajava.qmp.QmpTimeoutException;
import io.katajava.spi.TrustedDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.history.DefaultHistory;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;

/** The interactive monitor: lines in, results and events out, until the session ends. */
final class MonitorShell {
  static final String HELP = ".help";
  static final String EXIT = ".exit";
  static final List<String> OWN_COMMANDS = List.of(HELP, EXIT);

  /** A take ends this often without an event; nothing depends on it. */
  private static final Duration TAKE = Duration.ofHours(1);

  private static final DateTimeFormatter CLOCK =
      DateTimeFormatter.ofPattern("HH:mm:ss.SSS", Locale.ROOT).withZone(ZoneId.systemDefault());

  private final QmpClient qmp;
  private final @Nullable QmpSchema schema;
  private final Path history;
  private volatile boolean leaving;

  /**
   * Prepares a shell.
   *
   * @param hasSchema false for a guest agent, which cannot tell its schema
   * @param history where lines are kept; those with secrets are not
   */
  MonitorShell(QmpClient qmp, boolean hasSchema, Path history) {
    this.qmp = qmp;
    this.schema = hasSchema ? qmp.schema() : null;
    this.history = history;
  }

  int run() throws IOException {
    try (Terminal terminal = TerminalBuilder.builder().system(true).build()) {
      return run(terminal);
    }
  }

  int run(Terminal terminal) throws IOException {
    if (terminal.getWidth() <= 0) {
      // A terminal that does not know its size would get a prompt of dots.
      terminal.setSize(new Size(80, 24));
    }
    LineReader reader = reader(terminal);
    Thread self = Thread.currentThread();
    terminal.handle(Terminal.Signal.INT, signal -> self.interrupt());
    terminal.writer().println(greeting());
    try (EventQueue<QmpEvent> events = qmp.subscribe(QmpEvent.class)) {
      OwnedThreads.start(
          "kata-qmp-events",
          () -> print(events, reader, self),
          problem -> {
            reader.printAbove("events are no longer shown: " + problem);
            self.interrupt();
          });
      while (true) {
        String line;
        try {
          line = reader.readLine("qmp> ");
        } catch (UserInterruptException e) {
          // Ctrl-C, or the session has ended.
          line = "";
        } catch (EndOfFileException e) {
          return 0;
        }
        if (line.strip().equals(EXIT)) {
          return 0;
        }
        if (!line.isBlank()) {
          terminal.writer().println(answer(line.strip()));
          terminal.writer().flush();
        }
        if (!qmp.isOpen()) {
          return 0;
        }
      }
    } finally {
      leaving = true;
    }
  }

  private String greeting() {
    return qmp.version().map(version -> "QEMU " + version).orElse("guest agent")
        + "; TAB completes, .help tells more, .exit or Ctrl-D leaves (quit ends QEMU)";
  }

  private String answer(String line) {
    if (line.equals(HELP) || line.startsWith(HELP + " ")) {
      return help(line.substring(HELP.length()).strip());
    }
    try {
      MonitorLine command = MonitorLine.parse(line, schema);
      return Json.indented(qmp.execute(QmpClient.command(command.command(), command.arguments())));
    } catch (QmpInterruptedException e) {
      // What interrupted was Ctrl-C: it ends the wait, not the shell.
      Thread.interrupted();
      return "interrupted; QEMU may still carry it out";
    } catch (QmpException | JsonException e) {
      return String.valueOf(e.getMessage());
    }
  }

  private String help(String command) {
    QmpSchema known = schema;
    if (command.isEmpty() || known == null) {
      return "COMMAND, COMMAND NAME=VALUE ..., COMMAND JSON; .help COMMAND tells its arguments";
    }
    if (!known.hasCommand(command)) {
      return "this QEMU has no command " + command;
    }
    StringBuilder text = new StringBuilder(command);
    for (String name : known.arguments(command)) {
      text.append("\n  ").append(name).append(": ");
      text.append(String.join(" or ", known.argumentTypes(command, name)));
      if (!known.argumentValues(command, name).isEmpty()) {
        text.append(", one of ").append(String.join(" ", known.argumentValues(command, name)));
      }
    }
    return text.toString();
  }

  private LineReader reader(Terminal terminal) throws IOException {
    DefaultParser words = new DefaultParser();
    words.setQuoteChars(new char[0]);
    words.setEscapeChars(new char[0]);
    words.setEofOnUnclosedQuote(false);
    LineReaderBuilder builder =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("kata qmp")
            .parser(words)
            .history(new DiscreetHistory())
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .variable(LineReader.HISTORY_FILE, privateFile());
    if (schema != null) {
      builder.completer(new MonitorCompleter(schema));
    }
    return builder.build();
  }

  /** Created before anything is in it, so that nobody else ever reads it. */
  private Path privateFile() throws IOException {
    Path directory = history.toAbsolutePath().getParent();
    if (directory != null) {
      TrustedDirectory.shared("cache", directory);
    }
    if (!Files.exists(history)) {
      Files.createFile(
          history,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }
    return history;
  }

  private void print(EventQueue<QmpEvent> events, LineReader reader, Thread typist) {
    while (true) {
      try {
        QmpEvent event = events.take(TAKE);
        reader.printAbove(
            CLOCK.format(event.timestamp())
                + " "
                + event.eventName()
                + (event.toJson().isEmpty()
                    ? ""
                    : " " + PrintableText.json(event.toJson().toString())));
      } catch (QmpTimeoutException e) {
        // Nothing happened; the next take goes on.
      } catch (QmpClosedException e) {
        if (!leaving && !qmp.isOpen()) {
          reader.printAbove(String.valueOf(e.getMessage()));
          typist.interrupt();
        }
        return;
      } catch (QmpException e) {
        // One event that is not what the schema says; the next may be.
        reader.printAbove(String.valueOf(e.getMessage()));
      }
    }
  }

  /** Keeps no line that holds a password. */
  private static final class DiscreetHistory extends DefaultHistory {
    @Override
    public void add(Instant time, String line) {
      boolean secret = false;
      try {
        secret = !line.startsWith(".") && MonitorLine.parse(line, null).hasSecret();
      } catch (JsonException e) {
        // Not understood, so nobody knows what it holds.
        secret = true;
      }
      if (!secret) {
        super.add(time, line);
      }
    }
  }
}
