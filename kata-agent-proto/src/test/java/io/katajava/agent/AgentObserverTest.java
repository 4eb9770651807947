package io.katajava.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.agent.testing.FakeAgent;
import io.katajava.agent.ttrpc.TtrpcStatus;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class AgentObserverTest {
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final String OWN = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01";

  @TempDir Path directory;
  private FakeAgent agent;
  private AgentClient client;
  private final Notes notes = new Notes(OWN);

  /** Writes down what it is told: begins, then ends. */
  private static final class Notes implements AgentObserver {
    private final @Nullable String traceparent;
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    Notes(@Nullable String traceparent) {
      this.traceparent = traceparent;
    }

    @Override
    public @Nullable Call begin(String rpc, String subject) {
      told.add("begin " + rpc + " " + subject);
      return traceparent == null ? null : () -> traceparent;
    }

    @Override
    public void end(@Nullable Call call, String rpc, long nanos, @Nullable AgentException failure) {
      assertThat(nanos).isPositive();
      assertThat(call == null).isEqualTo(traceparent == null);
      told.add("end " + rpc + " " + (failure == null ? "ok" : failure.status()));
    }

    String next() throws InterruptedException {
      return String.valueOf(told.poll(30, TimeUnit.SECONDS));
    }
  }

  @BeforeEach
  void connect() throws Exception {
    agent =
        FakeAgent.builder()
            .refuse("PauseContainer", TtrpcStatus.PERMISSION_DENIED, "not allowed")
            .listenOn(directory.resolve("a"));
    client =
        AgentClient.connect(
            agent.address(),
            AgentClientOptions.builder()
                .name("sb-1")
                .traceparent(() -> TRACE)
                .observer(notes)
                .build());
  }

  @AfterEach
  void close() {
    client.close();
    agent.close();
  }

  private String traceOfLast() {
    FakeAgent.Call call = agent.calls().get(agent.calls().size() - 1);
    return call.metadata().getOrDefault("traceparent", List.of("none")).get(0);
  }

  @Test
  void blockingCall_answered_isToldAndCarriesTheObserversContext() throws Exception {
    client.check();
    assertThat(notes.next()).isEqualTo("begin Check ");
    assertThat(notes.next()).isEqualTo("end Check ok");
    assertThat(traceOfLast()).isEqualTo(OWN);
  }

  @Test
  void blockingCall_refused_endsWithItsFailure() throws Exception {
    assertThatThrownBy(() -> client.pauseContainer("c1")).isInstanceOf(AgentException.class);
    assertThat(notes.next()).isEqualTo("begin PauseContainer c1");
    assertThat(notes.next()).isEqualTo("end PauseContainer PERMISSION_DENIED");
  }

  @Test
  void json_call_isToldLikeAnyOther() throws Exception {
    client.json().call(AgentMethod.find("Check").orElseThrow(), "");
    assertThat(notes.next()).isEqualTo("begin Check ");
    assertThat(notes.next()).isEqualTo("end Check ok");
  }

  @Test
  void asyncCall_answered_hasEndedWhenItsFutureCompletes() throws Exception {
    CompletableFuture<String> seen =
        client
            .waitProcess("nothing", "there")
            .handle((status, failure) -> String.valueOf(notes.told));
    assertThat(seen.get(30, TimeUnit.SECONDS)).contains("end WaitProcess");
  }

  @Test
  void asyncCall_cancelled_endsAsCancelled() throws Exception {
    client.diagnostics().nextOutOfMemory().cancel(true);
    assertThat(notes.next()).isEqualTo("begin GetOOMEvent ");
    assertThat(notes.next()).isEqualTo("end GetOOMEvent CANCELLED");
  }

  @Test
  void asyncCall_connectionClosed_endsAsUnavailable() throws Exception {
    CompletableFuture<String> event = client.diagnostics().nextOutOfMemory();
    client.close();
    assertThat(notes.next()).isEqualTo("begin GetOOMEvent ");
    assertThat(notes.next()).isEqualTo("end GetOOMEvent UNAVAILABLE");
    assertThatThrownBy(() -> event.get(30, TimeUnit.SECONDS)).isNotNull();
  }

  @Test
  void observedBy_another_isToldInsteadOfTheFirst() throws Exception {
    Notes other = new Notes(null);
    client.observedBy(other).version();
    assertThat(other.next()).isEqualTo("begin Version ");
    assertThat(other.next()).isEqualTo("end Version ok");
    assertThat(notes.told).isEmpty();
    assertThat(traceOfLast()).isEqualTo(TRACE);
  }
}
