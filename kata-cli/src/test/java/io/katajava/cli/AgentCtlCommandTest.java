package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.agent.AgentClient;
import io.katajava.agent.AgentClientOptions;
import io.katajava.agent.AgentMethod;
import io.katajava.agent.testing.FakeAgent;
import java.io.BufferedReader;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.Parser;
import org.jline.reader.impl.DefaultParser;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

@Timeout(60)
class AgentCtlCommandTest {
  @TempDir Path directory;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int kata(String... arguments) {
    CommandLine line = KataCommand.commandLine();
    line.setOut(new PrintWriter(out));
    line.setErr(new PrintWriter(err));
    int status = line.execute(arguments);
    line.getErr().flush();
    return status;
  }

  @Test
  void call_withJson_printsTheReplyAsJson() throws Exception {
    try (FakeAgent agent = FakeAgent.listenIn(directory)) {
      String address = agent.address().toString();
      assertThat(kata("agent-ctl", "--address", address, "Check")).isZero();
      assertThat(out.toString()).contains("\"status\": \"SERVING\"");
      String copy =
          "{\"path\":\"/run/kata-containers/shared/containers/f\",\"file_size\":\"2\","
              + "\"fileMode\":33188,\"data\":\"aGk=\"}";
      assertThat(kata("agent-ctl", "--address", address, "copyfile", copy)).isZero();
      assertThat(agent.guest().files().get("/run/kata-containers/shared/containers/f"))
          .isEqualTo("hi".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
  }

  @Test
  void everyMethod_withAnEmptyTemplate_isCalledByName() throws Exception {
    try (FakeAgent agent = FakeAgent.listenIn(directory);
        AgentClient client =
            AgentClient.connect(agent.address(), AgentClientOptions.builder().build())) {
      AgentShell shell = new AgentShell(client, new PrintWriter(out), new PrintWriter(err));
      for (AgentMethod method : AgentMethod.all()) {
        if (!method.name().equals("GetOOMEvent")) {
          shell.execute(method.name() + " " + AgentMethodHelp.template(method));
        }
      }
      assertThat(err.toString()).doesNotContain("not a request of");
      assertThat(agent.calls().stream().map(FakeAgent.Call::rpc).distinct()).hasSize(43);
    }
  }

  @Test
  void refusal_ofTheAgent_isToldWithItsStatus() throws Exception {
    try (FakeAgent agent = FakeAgent.listenIn(directory)) {
      int status =
          kata(
              "agent-ctl",
              "--address",
              agent.address().toString(),
              "StartContainer",
              "{\"container_id\":\"nope\"}");
      assertThat(status).isEqualTo(ExitCodes.OWN_FAILURE);
      assertThat(err.toString()).contains("INVALID_ARGUMENT: no such container: nope");
    }
  }

  @Test
  void json_thatIsNotTheRequest_isRefusedHere() throws Exception {
    try (FakeAgent agent = FakeAgent.listenIn(directory)) {
      int status = kata("agent-ctl", "--address", agent.address().toString(), "Check", "{\"x\":1}");
      assertThat(status).isEqualTo(ExitCodes.OWN_FAILURE);
      assertThat(err.toString()).contains("not a request of Check").contains("x");
      assertThat(agent.calls()).isEmpty();
    }
  }

  @Test
  void list_needsNoAgentAndNamesAllMethods() {
    assertThat(kata("agent-ctl", "--list")).isZero();
    assertThat(out.toString().lines()).hasSize(44);
    assertThat(out.toString())
        .contains("RemoveContainer(container_id: string, timeout: uint32)")
        .contains("WaitProcess(container_id: string, exec_id: string) -> status: int32");
  }

  @Test
  void describe_showsWhatIsInsideOfMessages() {
    assertThat(kata("agent-ctl", "--describe", "CreateContainer")).isZero();
    assertThat(out.toString())
        .contains("OCI: grpc.Spec", "grpc.LinuxResources", "Annotations: map<string, string>");
  }

  @Test
  void arguments_thatMakeNoSense_areUsageErrors() {
    assertThat(kata("agent-ctl", "Check")).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(err.toString()).contains("--address");
    assertThat(kata("agent-ctl", "--address", "nonsense")).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(kata("agent-ctl", "--describe", "Nope")).isEqualTo(CommandLine.ExitCode.USAGE);
  }

  @Test
  void lines_untilOneFails_areExecuted() throws Exception {
    try (FakeAgent agent = FakeAgent.listenIn(directory);
        AgentClient client =
            AgentClient.connect(agent.address(), AgentClientOptions.builder().build())) {
      AgentShell shell = new AgentShell(client, new PrintWriter(out), new PrintWriter(err));
      String lines = "Check\n\n  Version {}\ndescribe Check\nNothing\nCheck\n";
      assertThat(shell.runLines(new BufferedReader(new StringReader(lines))))
          .isEqualTo(ExitCodes.OWN_FAILURE);
      assertThat(agent.calls()).hasSize(2);
      assertThat(err.toString()).contains("no method \"Nothing\"");
      assertThat(shell.runLines(new BufferedReader(new StringReader("quit\nCheck\n")))).isZero();
      assertThat(agent.calls()).hasSize(2);
    }
  }

  private static List<String> completions(String line) {
    DefaultParser parser = new DefaultParser();
    parser.setQuoteChars(new char[0]);
    List<Candidate> candidates = new ArrayList<>();
    AgentShell.complete(
        parser.parse(line, line.length(), Parser.ParseContext.COMPLETE), candidates);
    return candidates.stream().map(Candidate::value).toList();
  }

  @Test
  void completion_offersMethodsThenTheirFields() {
    assertThat(completions("")).contains("CreateContainer", "help").hasSize(48);
    assertThat(completions("describe ")).contains("Check").doesNotContain("help");
    assertThat(completions("RemoveContainer "))
        .containsExactly("{\"container_id\":\"\",\"timeout\":0}");
    assertThat(completions("help ")).isEmpty();
  }
}
