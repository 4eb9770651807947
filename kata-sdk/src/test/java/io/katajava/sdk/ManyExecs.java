package io.katajava.sdk;

import io.katajava.Container;
import io.katajava.Kata;
import io.katajava.Sandbox;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;

/**
 * A program for a JVM of its own: many executions at once, each with a thread that waits for it;
 * virtual threads where there are any, and then JFR tells which were pinned.
 *
 * <p>Arguments: state directory, number of executions.
 */
final class ManyExecs {
  private static final String PINNED = "jdk.VirtualThreadPinned";

  private ManyExecs() {}

  public static void main(String[] arguments) throws Exception {
    Path state = Path.of(arguments[0]);
    int number = Integer.parseInt(arguments[1]);
    try (Recording recording = new Recording();
        Kata kata = Kata.builder().stateDirectory(state).build();
        Sandbox sandbox = kata.sandbox().start()) {
      // Loading a class pins, and is not meant.
      run(sandbox.defaultContainer(), 2);
      recording.enable(PINNED).withThreshold(Duration.ofMillis(20)).withStackTrace();
      recording.start();
      int right = run(sandbox.defaultContainer(), number);
      recording.stop();
      Path events = state.resolve("pinned.jfr");
      recording.dump(events);
      List<RecordedEvent> pinned =
          RecordingFile.readAllEvents(events).stream()
              .filter(event -> event.getEventType().getName().equals(PINNED))
              .toList();
      System.out.println("right: " + right + " of " + number);
      System.out.println("pinned: " + pinned.size());
      pinned.stream().limit(3).forEach(System.out::println);
    }
  }

  private static int run(Container container, int number) throws Exception {
    ExecutorService threads = threads();
    try {
      List<Future<String>> outputs = new ArrayList<>();
      for (int i = 0; i < number; i++) {
        String word = "word" + i;
        outputs.add(threads.submit(() -> container.exec("echo", word).orThrow().stdoutText()));
      }
      int right = 0;
      for (int i = 0; i < number; i++) {
        right += outputs.get(i).get().equals("word" + i + "\n") ? 1 : 0;
      }
      return right;
    } finally {
      threads.shutdown();
    }
  }

  /** By name: this is compiled for a Java that has none. */
  private static ExecutorService threads() throws ReflectiveOperationException {
    if (Runtime.version().feature() < 21) {
      return Executors.newCachedThreadPool();
    }
    return (ExecutorService)
        Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null);
  }
}
