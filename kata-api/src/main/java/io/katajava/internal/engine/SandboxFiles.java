package io.katajava.internal.engine;

import io.katajava.agent.AgentClient;
import io.katajava.agent.FileChunk;
import io.katajava.agent.oci.OciMount;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files every container of a sandbox gets from outside: its own name, hosts, and name servers.
 * They are written once into the guest, and bound read-only into the containers.
 */
final class SandboxFiles {
  private final Map<String, String> contents = new LinkedHashMap<>();

  SandboxFiles(String hostname, SandboxConnections connections) {
    contents.put("hostname", hostname + "\n");
    contents.put("hosts", text(connections.hosts(hostname)));
    if (!connections.resolvConf().isEmpty()) {
      contents.put("resolv.conf", text(connections.resolvConf()));
    }
  }

  private static String text(List<String> lines) {
    return String.join("\n", lines) + "\n";
  }

  /** Puts them into the guest, whose sandbox exists. */
  void write(AgentClient client) {
    contents.forEach(
        (name, text) -> {
          byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
          client
              .files()
              .copy(
                  new FileChunk(
                      AgentPaths.sandboxFile(name),
                      bytes.length,
                      FileChunk.REGULAR | 0644,
                      0755,
                      0,
                      0,
                      0,
                      ByteBuffer.wrap(bytes)));
        });
  }

  /** How a container sees them. */
  List<OciMount> mounts() {
    return contents.keySet().stream()
        .map(
            name ->
                OciMount.of(
                    "/etc/" + name,
                    "bind",
                    AgentPaths.sandboxFile(name),
                    "bind",
                    "ro",
                    "nosuid",
                    "nodev",
                    "noexec"))
        .toList();
  }
}
