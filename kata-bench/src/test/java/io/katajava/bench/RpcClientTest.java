package io.katajava.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.agent.ttrpc.TtrpcServer;
import io.katajava.transport.UnixSocketListener;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class RpcClientTest {
  @TempDir Path directory;

  private String measure(String... arguments) throws Exception {
    PrintStream before = System.out;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (TtrpcServer server =
        TtrpcServer.builder()
            .async(
                "grpc.Health", "Check", r -> CompletableFuture.completedFuture(new byte[] {8, 1}))
            .build()) {
      server.listen(UnixSocketListener.listen(directory.resolve("s")));
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      RpcClient.main(arguments);
    } finally {
      System.setOut(before);
    }
    return printed.toString(StandardCharsets.UTF_8).strip();
  }

  @ParameterizedTest
  @CsvSource({"blocking,1", "blocking,3", "futures,8"})
  void main_ofEachMode_printsCallsAndBytes(String mode, String inFlight) throws Exception {
    String socket = directory.resolve("s").toString();
    String[] parts = measure(mode, socket, inFlight, "0.1", "0.2").split(" ", 2);
    assertThat(Double.parseDouble(parts[0])).isPositive();
    assertThat(Double.parseDouble(parts[1])).isPositive();
  }

  @Test
  void main_threads_countsOneForEachConnection() throws Exception {
    String count = measure("threads", directory.resolve("s").toString(), "5");
    // The server is in this process here: its threads count, too.
    assertThat(Integer.parseInt(count)).isGreaterThanOrEqualTo(5);
  }
}
