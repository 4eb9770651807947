package io.katajava.internal.container;

import io.katajava.agent.AgentClient;
import io.katajava.agent.FileChunk;
import io.katajava.agent.oci.OciMount;
import io.katajava.internal.cards.SandboxConnections;
import io.katajava.internal.link.AgentPaths;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The files every container of a sandbox gets from outside: its own name, hosts, and name servers.
 * They are written once into the guest, and bound read-only into the containers. All are always
 * there, so that a container that was made before the sandbox is told of its names.
 */
public final class SandboxFiles {
  private static final List<String> NAMES = List.of("hostname", "hosts", "resolv.conf");

  private final Map<String, String> contents = new LinkedHashMap<>();

  public SandboxFiles(String hostname, SandboxConnections connections) {
    contents.put("hostname", hostname + "\n");
    contents.put("hosts", text(connections.hosts(hostname)));
    contents.put("resolv.conf", text(connections.resolvConf()));
  }

  private static String text(List<String> lines) {
    return lines.isEmpty() ? "" : String.join("\n", lines) + "\n";
  }

  /** Puts them into the guest, whose sandbox exists. */
  public void write(AgentClient client) {
    contents()
        .forEach(
            (path, bytes) ->
                client
                    .files()
                    .copy(
                        new FileChunk(
                            path,
                            bytes.length,
                            FileChunk.REGULAR | 0644,
                            0755,
                            0,
                            0,
                            0,
                            ByteBuffer.wrap(bytes))));
  }

  /** What is in them, by their paths in the guest. */
  public Map<String, byte[]> contents() {
    Map<String, byte[]> all = new LinkedHashMap<>();
    contents.forEach(
        (name, text) ->
            all.put(AgentPaths.sandboxFile(name), text.getBytes(StandardCharsets.UTF_8)));
    return all;
  }

  /** How every container sees them. */
  static List<OciMount> mounts() {
    return NAMES.stream()
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
