package io.katajava.qmp;

import io.katajava.json.JsonObject;
import io.katajava.json.JsonValue;
import io.katajava.qmp.command.AddFd;
import io.katajava.qmp.command.DeviceDel;
import io.katajava.qmp.command.Getfd;
import io.katajava.qmp.command.Migrate;
import io.katajava.qmp.command.MigrateIncoming;
import io.katajava.qmp.event.DeviceDeletedEvent;
import io.katajava.qmp.type.AddfdInfo;
import io.katajava.qmp.type.JobInfo;
import io.katajava.qmp.type.MigrationInfo;
import io.katajava.transport.Connection;
import io.katajava.transport.PeerCredentials;
import io.katajava.transport.UnixSocketConnection;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A session with QEMU's monitor.
 *
 * <pre>{@code
 * try (QmpClient qmp = QmpClient.connect(Path.of("/run/vm/qmp.sock"))) {
 *   StatusInfo status = qmp.execute(new QueryStatus());
 *   qmp.unplug("net0", Duration.ofSeconds(30)).join();
 * }
 * }</pre>
 *
 * <p>All methods may be called by any thread, at the same time. Replies are matched by id. Every
 * wait is bounded: by the timeout given, else by {@link QmpOptions#callTimeout}. Futures are
 * completed in threads of their own, never in the one that reads.
 */
public final class QmpClient implements AutoCloseable {
  private final QmpEngine engine;

  private QmpClient(QmpEngine engine) {
    this.engine = engine;
  }

  /**
   * Connects with the default options.
   *
   * @param socket the socket QEMU listens on: {@code -qmp unix:PATH,server=on,wait=off}
   * @return a client that is ready
   * @throws QmpConnectException if nobody listens, or the monitor is busy with another client
   * @throws QmpProtocolException if what listens does not speak QMP
   */
  public static QmpClient connect(Path socket) {
    return connect(socket, QmpOptions.defaults());
  }

  /**
   * Connects, waits for the greeting and leaves negotiation mode ({@code qmp_capabilities}).
   *
   * @param socket the socket QEMU listens on: {@code -qmp unix:PATH,server=on,wait=off}
   * @param options how to behave
   * @return a client that is ready
   * @throws QmpConnectException if nobody listens, the monitor is busy with another client, or the
   *     peer is not the expected process
   * @throws QmpProtocolException if what listens does not speak QMP
   */
  public static QmpClient connect(Path socket, QmpOptions options) {
    String name = options.name() == null ? socket.toString() : options.name();
    QmpEngine engine = new QmpEngine(name, options, d -> Dialing.connect(socket, options, d));
    return connected(engine);
  }

  /**
   * Takes over a connection, over any transport. It is closed with the client, or at once if this
   * fails. Such a client cannot {@link #reconnect}.
   *
   * @param connection connected to a monitor, nothing read from it yet
   * @param options how to behave
   * @return a client that is ready
   * @throws QmpConnectException if there was no greeting in time
   * @throws QmpProtocolException if the peer does not speak QMP
   */
  public static QmpClient over(Connection connection, QmpOptions options) {
    String name = options.name() == null ? connection.describe() : options.name();
    OnceDialer dialer = new OnceDialer(connection);
    return connected(new QmpEngine(name, options, d -> dialer.dial()));
  }

  private static QmpClient connected(QmpEngine engine) {
    boolean connected = false;
    try {
      engine.connect();
      connected = true;
      return new QmpClient(engine);
    } finally {
      if (!connected) {
        engine.close();
      }
    }
  }

  /**
   * Executes a command and waits for its result, for at most {@link QmpOptions#callTimeout}.
   *
   * @param command the command
   * @param <R> what it returns
   * @return the result
   * @throws QmpCommandException if QEMU refused
   * @throws QmpTimeoutException if there was no reply in time
   * @throws QmpClosedException if the session ended; the outcome is unknown
   * @throws QmpProtocolException if the reply is not what the schema says
   * @throws QmpInterruptedException if the thread was interrupted; the outcome is unknown
   */
  public <R> R execute(QmpCommand<R> command) {
    return engine.execute(command, engine.options().callTimeout(), false);
  }

  /**
   * Executes a command and waits for its result. Throws as {@link #execute(QmpCommand)} does.
   *
   * @param command the command
   * @param timeout the longest wait, positive
   * @param <R> what it returns
   * @return the result
   */
  public <R> R execute(QmpCommand<R> command, Duration timeout) {
    return engine.execute(command, timeout, false);
  }

  /**
   * Executes commands, sending all before the first reply is awaited, and waits for their results.
   * If one fails its exception is thrown when all were answered; the later ones were carried out
   * nevertheless. Throws as {@link #execute(QmpCommand)} does.
   *
   * @param commands the commands, carried out in this order
   * @param timeout the longest wait for all of them, positive
   * @param <R> what they return
   * @return the results in the same order
   */
  public <R> List<R> executeAll(
      List<? extends QmpCommand<? extends R>> commands, Duration timeout) {
    return engine.executeAll(commands, timeout);
  }

  /**
   * Executes a command without waiting, for at most {@link QmpOptions#callTimeout}. The future
   * fails with what {@link #execute(QmpCommand)} throws.
   *
   * @param command the command
   * @param <R> what it returns
   * @return the result to come; cancelling it gives up waiting, QEMU carries on
   */
  public <R> CompletableFuture<R> executeAsync(QmpCommand<R> command) {
    return engine.executeAsync(command, engine.options().callTimeout());
  }

  /**
   * Executes a command without waiting. The future fails with what {@link #execute(QmpCommand)}
   * throws.
   *
   * @param command the command
   * @param timeout until when the future is completed in any case, positive
   * @param <R> what it returns
   * @return the result to come; cancelling it gives up waiting, QEMU carries on
   */
  public <R> CompletableFuture<R> executeAsync(QmpCommand<R> command, Duration timeout) {
    return engine.executeAsync(command, timeout);
  }

  /**
   * Executes a command ahead of those QEMU still works on ({@code exec-oob}): to rescue a monitor
   * that is stuck. Throws as {@link #execute(QmpCommand)} does.
   *
   * @param command one that {@linkplain QmpCommand#allowsOutOfBand allows} it
   * @param timeout the longest wait, positive
   * @param <R> what it returns
   * @return the result
   * @throws IllegalArgumentException if the command does not allow it
   * @throws IllegalStateException if it was not negotiated, see {@link #capabilities}
   */
  public <R> R executeOutOfBand(QmpCommand<R> command, Duration timeout) {
    if (!command.allowsOutOfBand()) {
      throw new IllegalArgumentException(command.commandName() + " cannot be executed out of band");
    }
    if (!capabilities().contains("oob")) {
      throw new IllegalStateException(
          "out-of-band execution was not negotiated with " + engine.describe());
    }
    return engine.execute(command, timeout, true);
  }

  /**
   * Executes a command by its name. Throws as {@link #execute(QmpCommand)} does.
   *
   * @param command its name in QMP
   * @param jsonArguments a JSON object, or null for none
   * @return what it returned, as JSON text
   * @throws io.katajava.json.JsonException if the arguments are not a JSON object
   */
  public String executeRaw(String command, @Nullable String jsonArguments) {
    JsonObject arguments =
        jsonArguments == null ? JsonObject.EMPTY : JsonObject.parse(jsonArguments);
    return execute(command(command, arguments)).toJson();
  }

  /**
   * Makes a command by its name, for what the schema does not have.
   *
   * @param name its name in QMP
   * @param arguments its arguments
   * @return the command, returning plain JSON
   */
  public static QmpCommand<JsonValue> command(String name, JsonObject arguments) {
    return new RawCommand(name, arguments);
  }

  /**
   * Executes a command and sends open files along with it (SCM_RIGHTS). Throws as {@link
   * #execute(QmpCommand)} does.
   *
   * @param command one that takes files, such as {@code getfd}
   * @param timeout the longest wait, positive
   * @param descriptors numbers of files open in this process, to stay open until this returns
   * @param <R> what it returns
   * @return the result
   * @throws UnsupportedOperationException if the connection is not a unix socket
   */
  public <R> R executeWithDescriptors(QmpCommand<R> command, Duration timeout, int... descriptors) {
    if (!(engine.session().connection() instanceof UnixSocketConnection)) {
      throw new UnsupportedOperationException(
          engine.describe() + " cannot carry descriptors: it is not a unix socket");
    }
    return engine.execute(command, timeout, false, descriptors);
  }

  /**
   * Gives QEMU an open file under a name ({@code getfd}), for {@code netdev_add} and others.
   *
   * @param name the name, not beginning with a digit
   * @param descriptor the number of a file open in this process
   */
  public void getFd(String name, int descriptor) {
    executeWithDescriptors(new Getfd(name), engine.options().callTimeout(), descriptor);
  }

  /**
   * Adds an open file to a set ({@code add-fd}), to be opened as {@code /dev/fdset/<id>}.
   *
   * @param descriptor the number of a file open in this process
   * @param fdset the id of an existing or new set, or null to have QEMU choose
   * @return the set and QEMU's number of the file
   */
  public AddfdInfo addFd(int descriptor, @Nullable Long fdset) {
    AddFd command = AddFd.builder().fdsetId(fdset).build();
    return executeWithDescriptors(command, engine.options().callTimeout(), descriptor);
  }

  /**
   * Subscribes to events of one kind. Subscribe before causing what is waited for.
   *
   * @param type a class of {@code io.katajava.qmp.event}, {@link UnknownEvent} for those it does
   *     not have, or {@link QmpEvent} for all
   * @param <E> the events
   * @return the queue, to be closed
   */
  public <E extends QmpEvent> EventQueue<E> subscribe(Class<E> type) {
    return subscribe(type, event -> true);
  }

  /**
   * Subscribes to some events of one kind.
   *
   * @param type as for {@link #subscribe(Class)}
   * @param filter which of them; run by the thread that takes
   * @param <E> the events
   * @return the queue, to be closed
   */
  public <E extends QmpEvent> EventQueue<E> subscribe(Class<E> type, Predicate<? super E> filter) {
    return engine.subscribe(type.getSimpleName(), EventQueue.wanted(type), filter);
  }

  /**
   * Subscribes to events of several kinds.
   *
   * @param names their names in QMP
   * @return the queue, to be closed
   */
  public EventQueue<QmpEvent> subscribeTo(String... names) {
    Set<String> wanted = Set.of(names);
    return engine.subscribe(String.join(" or ", names), EventQueue.wanted(wanted), event -> true);
  }

  /**
   * Waits for an event, from now on.
   *
   * @param type as for {@link #subscribe(Class)}
   * @param condition which of them; run in the threads that complete futures
   * @param timeout until when the future is completed in any case, positive
   * @param <E> the event
   * @return the first that fits; fails with what {@link EventQueue#take} throws
   */
  public <E extends QmpEvent> CompletableFuture<E> awaitEvent(
      Class<E> type, Predicate<? super E> condition, Duration timeout) {
    return engine.await(subscribe(type, condition), type.getSimpleName(), timeout);
  }

  /**
   * Unplugs a device: {@code device_del}, then DEVICE_DELETED.
   *
   * @param deviceId the id it was added with
   * @param timeout until when the future is completed in any case, positive
   * @return done when the device is gone; fails with {@link QmpOperationException} if the guest
   *     refuses (DEVICE_UNPLUG_GUEST_ERROR), {@link QmpTimeoutException} if it does not answer,
   *     else as {@link #execute(QmpCommand)}
   */
  public CompletableFuture<DeviceDeletedEvent> unplug(String deviceId, Duration timeout) {
    return new UnplugOperation(engine, deviceId).start(new DeviceDel(deviceId), timeout);
  }

  /**
   * Migrates to the end. Switches the migration capability {@code events} on first. If it does not
   * end in time it is cancelled.
   *
   * @param command where to
   * @param timeout until when the future is completed in any case, positive
   * @return what {@code query-migrate} says when it is completed; fails with {@link
   *     QmpOperationException} if the migration failed or was cancelled
   */
  public CompletableFuture<MigrationInfo> migrate(Migrate command, Duration timeout) {
    return new MigrationOperation(engine, true).start(command, timeout);
  }

  /**
   * Lets a migration in, to its end, in a QEMU that was started with {@code -incoming defer}.
   * Switches the migration capability {@code events} on first.
   *
   * @param command where from
   * @param timeout until when the future is completed in any case, positive
   * @return what {@code query-migrate} says when it is completed; fails with {@link
   *     QmpOperationException} if it failed, with {@link QmpClosedException} if QEMU gave up
   */
  public CompletableFuture<MigrationInfo> migrateIncoming(
      MigrateIncoming command, Duration timeout) {
    return new MigrationOperation(engine, false).start(command, timeout);
  }

  /**
   * Runs a job to its end: executes the command that starts it, waits until it is concluded, and
   * dismisses it if QEMU keeps it. A job that needs {@code job-complete} or {@code job-finalize}
   * must be given them meanwhile.
   *
   * @param command the command that starts it
   * @param jobId the id of the job in that command
   * @param timeout until when the future is completed in any case, positive
   * @return the job as it was when concluded; fails with {@link QmpOperationException} if it failed
   *     or was cancelled
   */
  public CompletableFuture<JobInfo> runJob(QmpCommand<?> command, String jobId, Duration timeout) {
    return new JobOperation(engine, jobId).start(command, timeout);
  }

  /**
   * Returns what the connected QEMU supports. Asked once per session ({@code query-qmp-schema}).
   *
   * @return its schema
   */
  public QmpSchema schema() {
    return engine.schema();
  }

  /**
   * Tells whether the connected QEMU has a command.
   *
   * @param command its name in QMP
   * @return whether {@link #schema} has it
   */
  public boolean supports(String command) {
    return schema().hasCommand(command);
  }

  /**
   * Tells whether a command of the connected QEMU has an argument.
   *
   * @param command its name in QMP
   * @param member the argument, with dots for members of members: {@code addr.host}
   * @return whether {@link #schema} has it
   */
  public boolean supports(String command, String member) {
    return schema().hasArgument(command, member);
  }

  /**
   * Returns the version of QEMU.
   *
   * @return its version from the greeting; empty for a guest agent
   */
  public Optional<QmpVersion> version() {
    return Optional.ofNullable(engine.session().version());
  }

  /**
   * Returns what was negotiated.
   *
   * @return {@code oob} or nothing
   */
  public Set<String> capabilities() {
    return engine.session().capabilities();
  }

  /**
   * Returns the process at the other end, by the kernel's word.
   *
   * @return its credentials; empty if the connection is not a unix socket
   */
  public Optional<PeerCredentials> peer() {
    if (engine.session().connection() instanceof UnixSocketConnection socket) {
      try {
        return Optional.of(socket.peer());
      } catch (IOException e) {
        throw new QmpClosedException("the peer of " + engine.describe() + " is gone", e);
      }
    }
    return Optional.empty();
  }

  /**
   * Tells whether the monitor is silent: the last calls, two or more, timed out and nothing at all
   * came from it. QEMU may be stopped, stuck in a device, or gone without a trace.
   *
   * @return whether nobody answers
   */
  public boolean unresponsive() {
    return engine.session().unresponsive();
  }

  /**
   * Tells whether the session stands.
   *
   * @return false after {@link #close} and after the peer hung up
   */
  public boolean isOpen() {
    return engine.session().isOpen();
  }

  /**
   * Returns what this session has seen so far.
   *
   * @return counters
   */
  public QmpStatistics statistics() {
    return engine.session().statistics();
  }

  /**
   * Ends the session, if it still stands, and starts a new one with the same socket. Commands under
   * way fail with {@link QmpClosedException}; subscriptions go on.
   *
   * @return this client
   * @throws QmpConnectException as {@link #connect(Path, QmpOptions)} does; the client may try
   *     again
   * @throws QmpClosedException if the client was closed
   * @throws UnsupportedOperationException if the client was made with {@link #over}
   */
  public QmpClient reconnect() {
    engine.connect();
    return this;
  }

  /** Ends the session; whoever waits fails with {@link QmpClosedException}. May be called again. */
  @Override
  public void close() {
    engine.close();
  }

  @Override
  public String toString() {
    return "QmpClient[" + engine.describe() + "]";
  }
}
