package io.katajava.internal.observe;

import io.katajava.Birth;
import io.katajava.ErrorCode;
import io.katajava.ExecOutcome;
import io.katajava.KataMeter;
import io.katajava.KataMetrics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a runtime counts. Counting takes no lock; only the first of a kind does. */
public final class Figures implements KataMetrics {
  private static final Logger log = LoggerFactory.getLogger(Figures.class);

  private final Map<Meter.Key, Meter> all = new ConcurrentHashMap<>();

  /** By rpc and by command: what is counted most is found by one name. */
  private final Map<String, Meter.Timer> calls = new ConcurrentHashMap<>();

  private final Map<String, Meter.Timer> commands = new ConcurrentHashMap<>();
  private final List<Consumer<? super KataMeter>> consumers = new ArrayList<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Meter.Counter stdout =
      counter("kata.exec.output.bytes", Map.of("stream", "stdout"));
  private final Meter.Counter stderr =
      counter("kata.exec.output.bytes", Map.of("stream", "stderr"));

  /**
   * Begins to count.
   *
   * @param open how many sandboxes are open
   */
  public Figures(LongSupplier open) {
    meter(new Meter.Key("kata.sandboxes.open", Map.of()), key -> new Meter.Gauge(key, open));
  }

  void started(Birth.Kind birth, long nanos) {
    timer("kata.sandbox.starts", Map.of("birth", label(birth))).add(nanos);
  }

  void startFailed(ErrorCode code) {
    counter("kata.sandbox.start.failures", Map.of("code", code.name())).add(1);
  }

  void execEnded(ExecOutcome outcome, long nanos) {
    timer("kata.execs", Map.of("outcome", label(outcome))).add(nanos);
  }

  void execFailed(long nanos) {
    timer("kata.execs", Map.of("outcome", "failed")).add(nanos);
  }

  void output(boolean error, int bytes) {
    (error ? stderr : stdout).add(bytes);
  }

  void called(String rpc, long nanos) {
    Meter.Timer timer = calls.get(rpc);
    if (timer == null) {
      timer = timer("kata.agent.calls", Map.of("rpc", rpc));
      calls.put(rpc, timer);
    }
    timer.add(nanos);
  }

  void callFailed(String rpc, String status) {
    counter("kata.agent.call.failures", Map.of("rpc", rpc, "status", status)).add(1);
  }

  void commanded(String command, long nanos) {
    Meter.Timer timer = commands.get(command);
    if (timer == null) {
      timer = timer("kata.hypervisor.commands", Map.of("command", command));
      commands.put(command, timer);
    }
    timer.add(nanos);
  }

  void commandFailed(String command) {
    counter("kata.hypervisor.command.failures", Map.of("command", command)).add(1);
  }

  private Meter.Counter counter(String name, Map<String, String> tags) {
    return (Meter.Counter) meter(new Meter.Key(name, tags), Meter.Counter::new);
  }

  private Meter.Timer timer(String name, Map<String, String> tags) {
    return (Meter.Timer) meter(new Meter.Key(name, tags), Meter.Timer::new);
  }

  private Meter meter(Meter.Key key, Function<Meter.Key, Meter> make) {
    Meter known = all.get(key);
    if (known != null) {
      return known;
    }
    lock.lock();
    try {
      Meter there = all.get(key);
      if (there != null) {
        return there;
      }
      Meter made = make.apply(key);
      all.put(key, made);
      consumers.forEach(consumer -> tell(consumer, made));
      return made;
    } finally {
      lock.unlock();
    }
  }

  private static void tell(Consumer<? super KataMeter> consumer, Meter meter) {
    try {
      consumer.accept(meter);
    } catch (RuntimeException e) {
      log.warn("a listener to figures threw when it was given {}", meter.name(), e);
    }
  }

  @Override
  public List<KataMeter> meters() {
    List<KataMeter> found = new ArrayList<>(all.values());
    found.sort(
        Comparator.comparing(KataMeter::name).thenComparing(meter -> meter.tags().toString()));
    return List.copyOf(found);
  }

  @Override
  public Optional<KataMeter> find(String name, Map<String, String> tags) {
    return Optional.ofNullable(all.get(new Meter.Key(name, tags)));
  }

  @Override
  public void onMeter(Consumer<? super KataMeter> consumer) {
    lock.lock();
    try {
      consumers.add(consumer);
      meters().forEach(meter -> tell(consumer, (Meter) meter));
    } finally {
      lock.unlock();
    }
  }

  static String label(Birth.Kind birth) {
    return birth.name().toLowerCase(Locale.ROOT);
  }

  private static String label(ExecOutcome outcome) {
    if (outcome instanceof ExecOutcome.Exited) {
      return "exited";
    } else if (outcome instanceof ExecOutcome.Signalled) {
      return "signalled";
    } else if (outcome instanceof ExecOutcome.TimedOut) {
      return "timed-out";
    } else if (outcome instanceof ExecOutcome.NotStarted) {
      return "not-started";
    }
    return "vm-lost";
  }
}
