package io.katajava.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ExecSpec;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.agent.ttrpc.TtrpcException;
import io.katajava.agent.ttrpc.TtrpcStatus;
import io.katajava.testing.FakeAgent;
import io.katajava.testing.FakeMachine;
import io.opentelemetry.api.GlobalOpenTelemetry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(120)
class OpenTelemetryObserverTest {
  @TempDir Path directory;
  private FakeAgent agent;
  private FakeMachine machine;
  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
  private final OpenTelemetrySdk openTelemetry =
      OpenTelemetrySdk.builder()
          .setTracerProvider(
              SdkTracerProvider.builder()
                  .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                  .build())
          .build();

  @BeforeEach
  void listen() throws IOException {
    GlobalOpenTelemetry.resetForTest();
    agent = FakeAgent.listenIn(directory);
    machine = new FakeMachine(agent);
  }

  @AfterEach
  void close() {
    agent.close();
    openTelemetry.close();
    GlobalOpenTelemetry.resetForTest();
  }

  private Kata observed() {
    return machine.builder(directory).observer(OpenTelemetryObserver.of(openTelemetry)).build();
  }

  private SpanData span(String name) {
    return exporter.getFinishedSpanItems().stream()
        .filter(span -> span.getName().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no span " + name));
  }

  private static String traceparent(SpanData span) {
    return "00-"
        + span.getTraceId()
        + "-"
        + span.getSpanId()
        + "-"
        + span.getSpanContext().getTraceFlags().asHex();
  }

  @Test
  void start_insideASpanOfTheApplication_isAChildWithPhasesAndCalls() {
    Span application = openTelemetry.getTracer("test").spanBuilder("application").startSpan();
    String id;
    try (Scope scope = application.makeCurrent();
        Kata kata = observed();
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      assertThat(scope).isNotNull();
      id = sandbox.id();
    }
    SpanData start = span("kata start");
    assertThat(start.getParentSpanId()).isEqualTo(application.getSpanContext().getSpanId());
    assertThat(start.getAttributes().get(AttributeKey.stringKey("kata.sandbox.id"))).isEqualTo(id);
    assertThat(start.getAttributes().get(AttributeKey.stringKey("kata.birth"))).isEqualTo("cold");
    assertThat(span("phase boot").getParentSpanId()).isEqualTo(start.getSpanId());
    SpanData call = span("agent CreateSandbox");
    assertThat(call.getParentSpanId()).isEqualTo(span("phase sandbox").getSpanId());
    assertThat(call.getKind()).isEqualTo(SpanKind.CLIENT);
    assertThat(span("hypervisor query-status").getParentSpanId())
        .isEqualTo(span("phase qmp").getSpanId());
    assertThat(agent.traces).contains("CreateSandbox " + traceparent(call));
    assertThat(exporter.getFinishedSpanItems())
        .allSatisfy(
            span ->
                assertThat(span.getTraceId()).isEqualTo(application.getSpanContext().getTraceId()));
  }

  @Test
  void async_startAndExec_belongToTheSpanOfTheirCaller() {
    agent.onStart(process -> process.closeOutput().exit(0));
    Span application = openTelemetry.getTracer("test").spanBuilder("application").startSpan();
    try (Kata kata = observed()) {
      Sandbox sandbox;
      try (Scope scope = application.makeCurrent()) {
        assertThat(scope).isNotNull();
        sandbox = kata.sandbox().startAsync().join();
        sandbox.execAsync(ExecSpec.command("true").build()).join();
      }
      sandbox.close();
    }
    String parent = application.getSpanContext().getSpanId();
    assertThat(span("kata start").getParentSpanId()).isEqualTo(parent);
    assertThat(span("exec true").getParentSpanId()).isEqualTo(parent);
    assertThat(span("agent ExecProcess").getParentSpanId())
        .isEqualTo(span("exec true").getSpanId());
  }

  @Test
  void calls_partOfNothing_haveNoSpanOfTheirOwn() {
    try (Kata kata = observed();
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      sandbox.guestMetrics();
    }
    assertThat(agent.calls).contains("GetMetrics", "GetOOMEvent");
    assertThat(exporter.getFinishedSpanItems().stream().map(SpanData::getName))
        .doesNotContain("agent GetMetrics", "agent GetOOMEvent");
    assertThat(
            exporter.getFinishedSpanItems().stream()
                .filter(span -> !span.getParentSpanContext().isValid())
                .map(SpanData::getName))
        .containsExactly("kata start");
  }

  @Test
  void start_failed_isAnErrorWithItsCode() {
    agent.answering(
        "CreateSandbox",
        payload -> {
          throw new TtrpcException(TtrpcStatus.INTERNAL, "no");
        });
    String code;
    try (Kata kata = observed()) {
      KataException[] failure = new KataException[1];
      assertThatThrownBy(() -> kata.sandbox().start())
          .isInstanceOfSatisfying(KataException.class, thrown -> failure[0] = thrown);
      code = failure[0].code().name();
    }
    for (String name : List.of("kata start", "phase sandbox")) {
      assertThat(span(name).getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
      assertThat(span(name).getAttributes().get(AttributeKey.stringKey("error.type")))
          .isEqualTo(code);
    }
    assertThat(
            span("agent CreateSandbox").getAttributes().get(AttributeKey.stringKey("error.type")))
        .isEqualTo("INTERNAL");
  }

  @Test
  void classPath_globalSetLater_isFollowedFromThenOnAndNotSetByUs() {
    try (Kata kata = machine.kata(directory)) {
      Sandbox before = kata.sandbox().image("busybox").start();
      before.close();
      assertThat(GlobalOpenTelemetry.isSet()).isFalse();
    }
    assertThat(exporter.getFinishedSpanItems()).isEmpty();
    GlobalOpenTelemetry.set(openTelemetry);
    try (FakeAgent other = FakeAgent.listenIn(Files.createDirectory(directory.resolve("2")));
        Kata kata = new FakeMachine(other).kata(directory.resolve("3"));
        Sandbox sandbox = kata.sandbox().image("busybox").start()) {
      assertThat(sandbox.id()).isNotEmpty();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    assertThat(span("kata start")).isNotNull();
  }
}
