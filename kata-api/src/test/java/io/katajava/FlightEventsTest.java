package io.katajava;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the JDK's flight recorder gets to see. */
@Timeout(120)
class FlightEventsTest {
  @TempDir Path directory;

  @Test
  void recording_ofAStartAndAnExec_hasTheirEvents() throws Exception {
    Path file = directory.resolve("kata.jfr");
    String id;
    try (FakeAgent agent = FakeAgent.listenIn(directory);
        Recording recording = new Recording()) {
      recording.start();
      try (Kata kata = new FakeMachine(agent).kata(directory);
          Sandbox sandbox = kata.sandbox().image("busybox").start()) {
        id = sandbox.id();
        agent.onStart(process -> process.closeOutput().exit(7));
        sandbox.exec("true");
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events =
        RecordingFile.readAllEvents(file).stream()
            .filter(event -> event.getEventType().getName().startsWith("io.katajava."))
            .filter(event -> id.equals(event.getString("sandbox")))
            .toList();
    assertThat(events).allSatisfy(FlightEventsTest::isInOurCategory);
    assertThat(operations(events, "SandboxStart")).containsExactly("start cold");
    assertThat(operations(events, "StartPhase")).contains("boot ", "container ");
    assertThat(operations(events, "Exec"))
        .containsExactly("true " + new ExecOutcome.Exited(7).describe());
    assertThat(operations(events, "AgentCall")).contains("CreateSandbox ", "ExecProcess ");
    assertThat(operations(events, "HypervisorCommand")).contains("query-status ");
  }

  private static void isInOurCategory(RecordedEvent event) {
    assertThat(event.getEventType().getCategoryNames()).containsExactly("Kata");
    assertThat(event.getDuration()).isPositive();
  }

  private static List<String> operations(List<RecordedEvent> events, String type) {
    return events.stream()
        .filter(event -> event.getEventType().getName().equals("io.katajava." + type))
        .map(event -> event.getString("operation") + " " + event.getString("detail"))
        .collect(Collectors.toList());
  }
}
