package io.katajava.qemu.internal;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.katajava.agent.transport.Connection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The control connection of one machine: greeting, negotiation, commands matched by id, and the
 * reason the guest gave for its end. One thread reads; it never runs foreign code.
 */
final class Monitor implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Monitor.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_LINE = 32 << 20;

  private final String sandboxId;
  private final Connection connection;
  private final CompletableFuture<String> version = new CompletableFuture<>();
  private final Map<String, CompletableFuture<JsonNode>> pending = new ConcurrentHashMap<>();
  private final AtomicLong ids = new AtomicLong();
  private volatile @Nullable String shutdownReason;
  private volatile boolean panicked;
  private volatile boolean closed;

  Monitor(String sandboxId, Connection connection) {
    this.sandboxId = sandboxId;
    this.connection = connection;
    Thread reader = new Thread(this::read, "kata-qmp-" + sandboxId);
    reader.setDaemon(true);
    reader.start();
  }

  /** Waits for the greeting and leaves negotiation mode; returns QEMU's version. */
  String negotiate(Duration limit) throws IOException, InterruptedException, TimeoutException {
    long deadline = System.nanoTime() + limit.toNanos();
    String greeted = await(version, limit);
    execute("qmp_capabilities", Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
    return greeted;
  }

  JsonNode execute(String command, Duration limit)
      throws IOException, InterruptedException, TimeoutException {
    String id = "k" + ids.incrementAndGet();
    CompletableFuture<JsonNode> reply = new CompletableFuture<>();
    pending.put(id, reply);
    try {
      ObjectNode request = JSON.createObjectNode().put("execute", command).put("id", id);
      if (closed) {
        throw new IOException("the QMP connection of sandbox " + sandboxId + " is closed");
      }
      connection.write(ByteBuffer.wrap((request + "\n").getBytes(StandardCharsets.UTF_8)));
      return await(reply, limit);
    } finally {
      pending.remove(id);
    }
  }

  /** Why the machine shut down, as QEMU said, or null. */
  @Nullable String shutdownReason() {
    return panicked ? "the guest panicked" : shutdownReason;
  }

  private static <T> T await(CompletableFuture<T> future, Duration limit)
      throws IOException, InterruptedException, TimeoutException {
    try {
      return future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException io) {
        throw io;
      }
      throw new IOException(e.getCause());
    }
  }

  private void read() {
    ByteBuffer buffer = ByteBuffer.allocateDirect(64 << 10);
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    try {
      while (connection.read(buffer) >= 0) {
        buffer.flip();
        while (buffer.hasRemaining()) {
          byte next = buffer.get();
          if (next == '\n') {
            received(line.toString(StandardCharsets.UTF_8));
            line.reset();
          } else if (line.size() < MAX_LINE) {
            line.write(next);
          } else {
            throw new IOException("QEMU sent a line of more than " + MAX_LINE + " bytes");
          }
        }
        buffer.clear();
      }
      fail(new IOException("QEMU closed its QMP connection"));
    } catch (IOException | RuntimeException e) {
      fail(e instanceof IOException io ? io : new IOException("QMP: " + e.getMessage(), e));
    }
  }

  private void received(String text) throws JsonProcessingException {
    log.debug("[{}] < {}", sandboxId, text);
    if (text.isBlank()) {
      return;
    }
    JsonNode message = JSON.readTree(text);
    if (message.has("QMP")) {
      JsonNode qemu = message.path("QMP").path("version").path("qemu");
      version.complete(
          qemu.path("major").asInt()
              + "."
              + qemu.path("minor").asInt()
              + "."
              + qemu.path("micro").asInt());
    } else if (message.has("event")) {
      event(message);
    } else {
      CompletableFuture<JsonNode> reply = pending.get(message.path("id").asText());
      if (reply == null) {
        return;
      }
      if (message.has("error")) {
        reply.completeExceptionally(
            new IOException("QEMU refused: " + message.path("error").path("desc").asText()));
      } else {
        reply.complete(message.path("return"));
      }
    }
  }

  private void event(JsonNode message) {
    switch (message.path("event").asText()) {
      case "SHUTDOWN" -> shutdownReason = message.path("data").path("reason").asText();
      case "GUEST_PANICKED" -> panicked = true;
      default -> log.trace("[{}] event {}", sandboxId, message);
    }
  }

  private void fail(IOException reason) {
    closed = true;
    version.completeExceptionally(reason);
    pending.values().forEach(reply -> reply.completeExceptionally(reason));
  }

  @Override
  public void close() {
    closed = true;
    connection.close();
  }
}
