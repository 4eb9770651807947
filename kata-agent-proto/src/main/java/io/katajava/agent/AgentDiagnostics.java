package io.katajava.agent;

import io.katajava.agent.internal.wire.GetDiagnosticDataRequest;
import io.katajava.agent.internal.wire.GetDiagnosticDataResponse;
import io.katajava.agent.internal.wire.GetMetricsRequest;
import io.katajava.agent.internal.wire.GetOOMEventRequest;
import io.katajava.agent.internal.wire.Metrics;
import io.katajava.agent.internal.wire.OOMEvent;
import io.katajava.agent.internal.wire.SetPolicyRequest;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** The calls about an agent itself and its policy. Reached by {@link AgentClient#diagnostics}. */
public final class AgentDiagnostics {
  private final AgentCalls calls;
  private final Duration deadline;

  AgentDiagnostics(AgentCalls calls, Duration deadline) {
    this.calls = calls;
    this.deadline = deadline;
  }

  /**
   * Asks for metrics ({@code GetMetrics}).
   *
   * @return text in the Prometheus format
   */
  public String metrics() {
    return calls
        .call("GetMetrics", "", GetMetricsRequest.getDefaultInstance(), Metrics.parser(), deadline)
        .getMetrics();
  }

  /**
   * Waits until a container runs out of memory ({@code GetOOMEvent}). One answer per event; an
   * agent serves one such call at a time.
   *
   * @return the container's id
   */
  public CompletableFuture<String> nextOutOfMemory() {
    return calls.callAsync(
        "GetOOMEvent",
        "",
        GetOOMEventRequest.getDefaultInstance(),
        OOMEvent.parser(),
        OOMEvent::getContainerId);
  }

  /**
   * Asks for diagnostic data ({@code GetDiagnosticData}).
   *
   * @param type upstream's agent knows {@code termination_log} only
   * @param containerId whose
   * @return at most 4 KiB of text
   */
  public String diagnosticData(String type, String containerId) {
    GetDiagnosticDataRequest request =
        GetDiagnosticDataRequest.newBuilder().setLogType(type).setContainerId(containerId).build();
    return calls
        .call(
            "GetDiagnosticData", containerId, request, GetDiagnosticDataResponse.parser(), deadline)
        .getData();
  }

  /**
   * Replaces the policy that decides which calls are allowed ({@code SetPolicy}). NOT_FOUND if the
   * agent was built without.
   *
   * @param policy in Rego
   */
  public void setPolicy(String policy) {
    calls.run("SetPolicy", "", SetPolicyRequest.newBuilder().setPolicy(policy).build(), deadline);
  }
}
