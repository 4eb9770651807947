package io.katajava.internal.container;

import io.katajava.ContainerFiles;
import io.katajava.Deadline;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.ExecSpec;
import io.katajava.Execution;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.MemorySize;
import io.katajava.internal.exec.InteractiveExecution;
import io.katajava.internal.exec.Patience;
import io.katajava.internal.link.AgentCapability;
import io.katajava.internal.link.GuestSession;
import io.katajava.internal.tar.CopyBack;
import io.katajava.internal.tar.HostPath;
import io.katajava.internal.tar.HostSnapshot;
import io.katajava.internal.tar.HostSource;
import io.katajava.internal.tar.HostTree;
import io.katajava.internal.tar.TarEntry;
import io.katajava.internal.tar.TarReader;
import io.katajava.internal.tar.TarWriter;
import io.katajava.internal.tree.BytePath;
import io.katajava.internal.tree.OpenDirectory;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Files of a container, moved as tar archives through an execution's streams. */
final class VmContainerFiles implements ContainerFiles {
  private static final int BUFFER = 128 << 10;
  private static final int MOST_OF_STDERR = 8 << 10;
  private static final Duration LAST_STEP = Duration.ofSeconds(20);

  /** What the guest says of a failure comes with its end, or not at all. */
  private static final long COMPLAINT_MILLIS = 1000;

  private static final Owner ROOT = new Owner(0, 0);

  /** A tree for us, who know of files with holes. */
  private static final String TREE = "tar-create-sparse";

  /** A tree for whoever reads it. */
  private static final String WHOLE = "tar-create";

  /** One file, by links as the container resolves them. */
  private static final String FOLLOWED = "tar-create-followed";

  private final GuestSession session;
  private final ContainerExec execs;
  private final String container;

  /** The longest wait for the guest to send or take anything. */
  private final Duration step;

  /** How long a whole copy may take, if its caller says so. */
  private final Optional<Duration> limit;

  VmContainerFiles(GuestSession session, ContainerExec execs, String container) {
    this(session, execs, container, session.link().callTimeout(), Optional.empty());
  }

  private VmContainerFiles(
      GuestSession session,
      ContainerExec execs,
      String container,
      Duration step,
      Optional<Duration> limit) {
    this.session = session;
    this.execs = execs;
    this.container = container;
    this.step = step;
    this.limit = limit;
  }

  /** At the end of a container, which a guest that says nothing must not hold up. */
  static VmContainerFiles toCopyBack(GuestSession session, ContainerExec execs, String container) {
    Duration own = session.link().callTimeout();
    Duration step = own.compareTo(LAST_STEP) < 0 ? own : LAST_STEP;
    return new VmContainerFiles(session, execs, container, step, Optional.empty());
  }

  @Override
  public ContainerFiles withTimeout(Duration timeout) {
    if (timeout.isNegative() || timeout.isZero()) {
      throw new IllegalArgumentException("the timeout is positive, got " + timeout);
    }
    return new VmContainerFiles(session, execs, container, step, Optional.of(timeout));
  }

  private Patience patience() {
    return new Patience(step, limit.map(Deadline::after));
  }

  /** Something that moves bytes. */
  @FunctionalInterface
  private interface Transfer<S> {
    void run(S stream) throws IOException;
  }

  @Override
  public void copyIn(Path source, String target, CopyOptions options) {
    String path = absolute(target);
    Owner owner = options.owner().orElse(ROOT);
    // What the container's own tar understands is not known; ours leaves out zeros.
    boolean holes = session.link().can(AgentCapability.TREE_ARCHIVES);
    try (HostPath named = HostPath.of(source)) {
      // What a directory has is named from it on; anything else gets the target's name.
      in(
          named.isDirectory() ? path : above(path),
          out ->
              named.pack(new HostSource(new TarWriter(out), holes).ownedBy(owner), nameOf(path)));
    } catch (IOException e) {
      throw failure("copy " + source + " to " + target + " in container " + container, e);
    }
  }

  /**
   * Copies what a directory of the host has into one of the container, owners included.
   *
   * @param notes takes down what was copied
   */
  void copyIn(OpenDirectory source, String target, HostSnapshot notes) {
    boolean holes = session.link().can(AgentCapability.TREE_ARCHIVES);
    try {
      in(target, out -> new HostSource(new TarWriter(out), holes).noting(notes).pack(source));
    } catch (IOException e) {
      throw failure("copy " + source + " to " + target + " in container " + container, e);
    }
  }

  @Override
  public void copyOut(String source, Path target, CopyOptions options) {
    try {
      Path whole = target.toAbsolutePath().normalize();
      out(
          absolute(source),
          TREE,
          in -> new HostTree(whole, options.links()).extract(new TarReader(in), nameOf(source)));
    } catch (IOException e) {
      throw failure("copy " + source + " of container " + container + " to " + target, e);
    }
  }

  /**
   * Copies a directory back to where it came from, deletions with it; links that lead out are left
   * out.
   *
   * @param before what was copied
   */
  void copyBack(String source, OpenDirectory target, HostSnapshot before) {
    CopyBack back = new CopyBack(target, before);
    try {
      out(absolute(source), TREE, in -> back.take(new TarReader(in)));
      // Only now it is certain that the guest has told of everything.
      back.finish();
    } catch (IOException e) {
      throw failure("copy " + source + " of container " + container + " back to " + target, e);
    }
  }

  @Override
  public void write(String target, byte[] content, int permissions) {
    try {
      write(target, new ByteArrayInputStream(content), content.length, permissions);
    } catch (IOException e) {
      throw failure("write " + target + " in container " + container, e);
    }
  }

  @Override
  public void write(String target, InputStream content, long size, int permissions)
      throws IOException {
    String path = absolute(target);
    if (permissions < 0 || permissions > 07777 || size < 0) {
      throw new IllegalArgumentException(
          "permissions are 0 to 07777 and a size is not negative, got 0"
              + Integer.toOctalString(permissions)
              + " and "
              + size);
    }
    Instant now = Instant.now();
    in(
        above(path),
        out -> {
          TarWriter archive = new TarWriter(out);
          archive.entry(new TarEntry(nameOf(path), TarEntry.Type.FILE, permissions, size, now));
          archive.content(content, size);
          archive.finish();
        });
  }

  @Override
  public byte[] read(String source, MemorySize limit) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    try {
      read(source, limit.bytes(), content);
    } catch (IOException e) {
      throw failure("read " + source + " of container " + container, e);
    }
    return content.toByteArray();
  }

  @Override
  public void read(String source, OutputStream content) {
    try {
      read(source, Long.MAX_VALUE, content);
    } catch (IOException e) {
      throw failure("read " + source + " of container " + container, e);
    }
  }

  private void read(String source, long limit, OutputStream content) throws IOException {
    out(
        absolute(source),
        FOLLOWED,
        in -> {
          TarReader archive = new TarReader(in);
          TarEntry entry = archive.next();
          if (entry == null || entry.type() != TarEntry.Type.FILE) {
            throw new IOException("it is not a regular file");
          }
          if (entry.size() > limit) {
            throw new KataException(
                ErrorCode.OUTPUT_LIMIT,
                source
                    + " in container "
                    + container
                    + " holds more than "
                    + MemorySize.bytes(limit),
                Details.none().withSandbox(session.id()));
          }
          byte[] buffer = new byte[BUFFER];
          for (int n = archive.read(buffer); n >= 0; n = archive.read(buffer)) {
            content.write(buffer, 0, n);
          }
          archive.next();
        });
  }

  @Override
  public void extract(InputStream archive, String directory) throws IOException {
    in(absolute(directory), archive::transferTo);
  }

  @Override
  public void archive(String source, OutputStream archive) throws IOException {
    out(absolute(source), WHOLE, in -> in.transferTo(archive));
  }

  /** Feeds an archive to the container. */
  private void in(String directory, Transfer<OutputStream> producer) throws IOException {
    boolean builtIn = session.link().can(AgentCapability.TREE_ARCHIVES);
    ExecSpec spec =
        builtIn
            ? spec("tar-extract", directory)
            : spec("sh", "-c", "mkdir -p \"$0\" && exec tar -C \"$0\" -xpf -", directory);
    Patience patience = patience();
    try (InteractiveExecution tar = start(spec, builtIn ? "tar-extract" : "", patience)) {
      CompletableFuture<String> complaint = complaintOf(tar);
      IOException broken = null;
      try (OutputStream archive = new BufferedOutputStream(tar.stdin(), BUFFER)) {
        producer.run(archive);
      } catch (IOException e) {
        broken = e;
        leave(tar, e);
      }
      // What the guest says is the reason; that it then closed its input is the consequence.
      finish(tar, complaint, broken, patience);
    }
  }

  /** Takes an archive from the container, as one of the agent's own programs makes it. */
  private void out(String source, String builtin, Transfer<InputStream> consumer)
      throws IOException {
    boolean builtIn = session.link().can(AgentCapability.TREE_ARCHIVES);
    String single = builtin.equals(FOLLOWED) ? "-chf" : "-cf";
    ExecSpec spec =
        builtIn
            ? spec(builtin, source)
            : spec(
                "sh",
                "-c",
                "if [ -d \"$0\" ] && ! [ -L \"$0\" ]; then exec tar -C \"$0\" -cf - .; fi;"
                    + " exec tar -C \"$1\" "
                    + single
                    + " - \"$2\"",
                source,
                above(source),
                name(source));
    Patience patience = patience();
    try (InteractiveExecution tar = start(spec, builtIn ? builtin : "", patience)) {
      CompletableFuture<String> complaint = complaintOf(tar);
      IOException broken = null;
      try (InputStream archive = new BufferedInputStream(tar.stdout(), BUFFER)) {
        broken = failureOf(consumer, archive);
        if (broken == null) {
          archive.transferTo(OutputStream.nullOutputStream());
        } else if (broken instanceof Patience.Exhausted || archive.read() >= 0) {
          leave(tar, broken);
          tar.kill();
        }
        // What has sent all it had ends by itself, and says what was wrong with it: an archive
        // without the one thing asked for, for example.
      } catch (IOException e) {
        broken = e;
        leave(tar, e);
        tar.kill();
      }
      finish(tar, complaint, broken, patience);
    }
  }

  private static @Nullable IOException failureOf(
      Transfer<InputStream> consumer, InputStream archive) {
    try {
      consumer.run(archive);
      return null;
    } catch (IOException e) {
      return e;
    }
  }

  private InteractiveExecution start(ExecSpec spec, String builtin, Patience patience) {
    Deadline started = Deadline.after(patience.next());
    return execs.start(spec, builtin, Optional.of(started)).withPatience(patience);
  }

  /** Whom nobody waits for any more need not confirm that it ended. */
  private static void leave(InteractiveExecution tar, IOException reason) {
    if (reason instanceof Patience.Exhausted) {
      tar.abandon(String.valueOf(reason.getMessage()));
    }
  }

  private static ExecSpec spec(String... command) {
    // The container's own working directory may not be there before its first process is.
    return ExecSpec.command(command).user("0:0").workdir("/").build();
  }

  private CompletableFuture<String> complaintOf(Execution tar) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            byte[] text = tar.stderr().readNBytes(MOST_OF_STDERR);
            tar.stderr().transferTo(OutputStream.nullOutputStream());
            return new String(text, StandardCharsets.UTF_8).strip();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        },
        session.workers().executor());
  }

  private static void finish(
      InteractiveExecution tar,
      CompletableFuture<String> complaint,
      @Nullable IOException broken,
      Patience patience)
      throws IOException {
    if (broken instanceof Patience.Exhausted) {
      throw broken;
    }
    ExecOutcome outcome = tar.waitFor(patience.next()).orElse(null);
    if (outcome == null) {
      Patience.Exhausted late =
          patience.exhausted("waiting for the end of the program that works on the files");
      leave(tar, late);
      throw late;
    }
    if (outcome.equals(new ExecOutcome.Exited(0)) && broken == null) {
      return;
    }
    String said;
    try {
      said = complaint.get(COMPLAINT_MILLIS, TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      said = "";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      said = "";
    }
    if (!said.isEmpty()) {
      String also = broken == null ? "" : " (and here: " + broken.getMessage() + ")";
      throw new IOException(said + also, broken);
    }
    throw broken != null ? broken : new IOException("it " + outcome.describe());
  }

  private KataException failure(String attempt, IOException e) {
    boolean late = e instanceof Patience.Exhausted;
    return new KataException(
        late ? ErrorCode.TIMEOUT : ErrorCode.COPY_FAILED,
        "could not " + attempt + ": " + e.getMessage(),
        Details.none().withSandbox(session.id()).withCause(e));
  }

  private static String absolute(String path) {
    if (!path.startsWith("/") || path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a path in a container is absolute, got '" + path + "'");
    }
    return path;
  }

  private static String trimmed(String path) {
    String text = path;
    while (text.length() > 1 && text.endsWith("/")) {
      text = text.substring(0, text.length() - 1);
    }
    return text;
  }

  private static String above(String path) {
    String text = trimmed(path);
    int slash = text.lastIndexOf('/');
    return slash <= 0 ? "/" : text.substring(0, slash);
  }

  private static BytePath nameOf(String path) {
    return BytePath.of(name(path));
  }

  private static String name(String path) {
    String text = trimmed(path);
    return text.substring(text.lastIndexOf('/') + 1);
  }
}
