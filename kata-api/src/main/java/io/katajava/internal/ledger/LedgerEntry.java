package io.katajava.internal.ledger;

import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;

/**
 * What is known on disk of one sandbox.
 *
 * @param sandboxId the sandbox
 * @param owner the JVM it belongs to
 * @param processes processes started for it, so far
 * @param detached present when it goes on without its owner; then the time, in seconds since 1970,
 *     from which on it shall not, 0 for none
 * @param state the state directory as its processes were told it, which is in their arguments
 * @param name what people call it, if it has a name
 */
public record LedgerEntry(
    String sandboxId,
    ProcessIdentity owner,
    List<ProcessIdentity> processes,
    OptionalLong detached,
    Optional<Path> state,
    Optional<String> name) {
  private static final String VERSION = "kata-java-ledger 1";
  private static final String STATE = "state";
  private static final String NAME = "name";

  public LedgerEntry {
    processes = List.copyOf(processes);
  }

  /** Of a sandbox that ends with its owner. */
  public LedgerEntry(String sandboxId, ProcessIdentity owner, List<ProcessIdentity> processes) {
    this(sandboxId, owner, processes, OptionalLong.empty(), Optional.empty());
  }

  /** Of one without a name. */
  LedgerEntry(
      String sandboxId,
      ProcessIdentity owner,
      List<ProcessIdentity> processes,
      OptionalLong detached,
      Optional<Path> state) {
    this(sandboxId, owner, processes, detached, state, Optional.empty());
  }

  /** The same, with a name. */
  public LedgerEntry named(String other) {
    return new LedgerEntry(sandboxId, owner, processes, detached, state, Optional.of(other));
  }

  /** The same in another's hands, or in {@link ProcessIdentity#NOBODY}'s. */
  public LedgerEntry ownedBy(ProcessIdentity other) {
    return new LedgerEntry(sandboxId, other, processes, detached, state, name);
  }

  /** The same, to go on without its owner. */
  public LedgerEntry detachedUntil(long epochSecond) {
    return new LedgerEntry(sandboxId, owner, processes, OptionalLong.of(epochSecond), state, name);
  }

  /** The same, if its processes know the state directory by another name already. */
  public LedgerEntry in(Path directory) {
    return state.isPresent()
        ? this
        : new LedgerEntry(sandboxId, owner, processes, detached, Optional.of(directory), name);
  }

  /**
   * Whether it runs and shall go on, though nobody owns it.
   *
   * @param ours whether a process is what it was recorded for
   */
  boolean goesOn(Instant now, Predicate<ProcessIdentity> ours) {
    return detached.isPresent()
        && (detached.getAsLong() == 0 || now.getEpochSecond() < detached.getAsLong())
        && processes.stream().anyMatch(process -> process.isRunning() && ours.test(process));
  }

  public LedgerEntry withProcess(ProcessIdentity process) {
    List<ProcessIdentity> more = new ArrayList<>(processes);
    more.add(process);
    return new LedgerEntry(sandboxId, owner, more, detached, state, name);
  }

  String toText() {
    StringBuilder text = new StringBuilder(VERSION).append('\n');
    append(text, "owner", owner);
    // In the shape of a process that never was, as versions before this one know no other lines.
    state.ifPresent(
        path ->
            text.append(STATE)
                .append(" 0 0 ")
                .append(URLEncoder.encode(path.toString(), StandardCharsets.UTF_8))
                .append('\n'));
    name.ifPresent(
        word ->
            text.append(NAME)
                .append(" 0 0 ")
                .append(URLEncoder.encode(word, StandardCharsets.UTF_8))
                .append('\n'));
    processes.forEach(process -> append(text, "process", process));
    detached.ifPresent(until -> text.append("detached ").append(until).append('\n'));
    return text.append("end\n").toString();
  }

  /** Empty when the text is not a whole entry. */
  static Optional<LedgerEntry> parse(String sandboxId, String text) {
    String[] lines = text.split("\n", -1);
    if (!lines[0].equals(VERSION)) {
      return Optional.empty();
    }
    ProcessIdentity owner = null;
    List<ProcessIdentity> processes = new ArrayList<>();
    OptionalLong detached = OptionalLong.empty();
    Optional<Path> state = Optional.empty();
    Optional<String> name = Optional.empty();
    for (int i = 1; i < lines.length; i++) {
      String[] words = lines[i].split(" ", -1);
      if (words.length == 1 && words[0].equals("end") && owner != null) {
        return Optional.of(new LedgerEntry(sandboxId, owner, processes, detached, state, name));
      }
      if (words.length == 2 && words[0].equals("detached") && words[1].matches("\\d{1,18}")) {
        detached = OptionalLong.of(Long.parseLong(words[1]));
        continue;
      }
      if (words.length != 4) {
        return Optional.empty();
      }
      if (words[0].equals(STATE)) {
        state = path(words[3]);
        continue;
      }
      if (words[0].equals(NAME)) {
        name = decoded(words[3]);
        continue;
      }
      ProcessIdentity identity;
      try {
        identity =
            new ProcessIdentity(Long.parseLong(words[1]), Long.parseLong(words[2]), words[3]);
      } catch (NumberFormatException e) {
        return Optional.empty();
      }
      if (words[0].equals("owner")) {
        owner = identity;
      } else {
        processes.add(identity);
      }
    }
    return Optional.empty();
  }

  private static Optional<String> decoded(String encoded) {
    try {
      return Optional.of(URLDecoder.decode(encoded, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Empty for what is no path, or none that this JVM can spell. */
  private static Optional<Path> path(String encoded) {
    try {
      return Optional.of(Path.of(URLDecoder.decode(encoded, StandardCharsets.UTF_8)));
    } catch (IllegalArgumentException e) {
      // InvalidPathException is one, too.
      return Optional.empty();
    }
  }

  private static void append(StringBuilder text, String key, ProcessIdentity identity) {
    text.append(key)
        .append(' ')
        .append(identity.pid())
        .append(' ')
        .append(identity.startTicks())
        .append(' ')
        .append(identity.bootId())
        .append('\n');
  }
}
