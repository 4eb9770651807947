package io.katajava.bench;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A client under test: a process that is connected to a monitor and answers lines with figures. */
final class QmpPeer implements AutoCloseable {
  private final String name;
  private final Process process;
  private final BufferedReader answers;
  private final BufferedWriter requests;

  /**
   * Starts it and waits until it is connected.
   *
   * @param command how to start it; everything but answers goes to this process's stderr
   */
  QmpPeer(String name, ProcessBuilder command) throws IOException {
    this.name = name;
    this.process = command.redirectError(ProcessBuilder.Redirect.INHERIT).start();
    this.answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.requests =
        new BufferedWriter(
            new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8));
    boolean ready = false;
    try {
      ready = "ready".equals(answers.readLine());
    } finally {
      if (!ready) {
        close();
      }
    }
    if (!ready) {
      throw new IOException(name + " did not get ready; its message is above");
    }
  }

  String name() {
    return name;
  }

  /** Has it do something so many times; the figures it answers with, seconds first. */
  List<Double> measure(String mode, int count) throws IOException {
    requests.write(mode + " " + count + "\n");
    requests.flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException(name + " ended during '" + mode + "'");
    }
    return Arrays.stream(answer.split(" ", -1)).map(Double::valueOf).toList();
  }

  /** Processor time of the client so far; the kernel counts in ticks of 10 ms. */
  Duration processorTime() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  @Override
  public void close() {
    try {
      requests.close();
      if (process.waitFor(5, TimeUnit.SECONDS)) {
        return;
      }
    } catch (IOException e) {
      // It has ended already.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.destroyForcibly();
  }
}
