package io.katajava.internal.host;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Network interfaces of the host, by iproute2's {@code ip} and {@code tc}. TAP interfaces of a
 * sandbox bear its id, so that those of a killed JVM are found and removed.
 */
public final class HostInterfaces {
  private static final Logger log = LoggerFactory.getLogger(HostInterfaces.class);
  private static final String PREFIX = "kt";
  private static final Path NAMESPACES = Path.of("/var/run/netns");

  private final @Nullable Path namespace;

  /**
   * @param namespace the network namespace's file, or null for the JVM's own
   */
  public HostInterfaces(@Nullable Path namespace) {
    this.namespace = namespace;
  }

  /** The name of a sandbox's TAP interface; names have at most 15 characters. */
  public static String tapName(String sandboxId, int index) {
    return PREFIX + sandboxId + index;
  }

  /** Makes a TAP interface that members of the group may open, and switches it on. */
  public void addTap(String name, int group, int mtu) throws IOException {
    ip("tuntap", "add", "dev", name, "mode", "tap", "group", Integer.toString(group));
    ip("link", "set", "dev", name, "mtu", Integer.toString(mtu), "up");
  }

  public void joinBridge(String name, String bridge) throws IOException {
    ip("link", "set", "dev", name, "master", bridge);
  }

  /** Whatever comes in at one leaves by the other, and the other way round. */
  public void splice(String one, String other) throws IOException {
    for (List<String> way : List.of(List.of(one, other), List.of(other, one))) {
      run("tc", "qdisc", "add", "dev", way.get(0), "ingress");
      run(
          "tc",
          "filter",
          "add",
          "dev",
          way.get(0),
          "parent",
          "ffff:",
          "protocol",
          "all",
          "u32",
          "match",
          "u8",
          "0",
          "0",
          "action",
          "mirred",
          "egress",
          "redirect",
          "dev",
          way.get(1));
    }
  }

  /** Undoes {@link #splice} at the interface that stays. */
  public void unsplice(String one) throws IOException {
    run("tc", "qdisc", "del", "dev", one, "ingress");
  }

  public void remove(String name) throws IOException {
    ip("link", "del", "dev", name);
  }

  /** What {@code ip} prints, one object a line. */
  public List<String> show(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip", "-o"));
    command.addAll(Arrays.asList(arguments));
    return run(command.toArray(String[]::new)).lines().toList();
  }

  private void ip(String... arguments) throws IOException {
    List<String> command = new ArrayList<>(List.of("ip"));
    command.addAll(Arrays.asList(arguments));
    run(command.toArray(String[]::new));
  }

  private String run(String... command) throws IOException {
    List<String> line = new ArrayList<>();
    if (namespace != null) {
      line.addAll(List.of(HostProgram.find("nsenter"), "--net=" + namespace, "--"));
    }
    line.add(HostProgram.find(command[0]));
    line.addAll(Arrays.asList(command).subList(1, command.length));
    return HostProgram.run(line, "iproute2 and util-linux");
  }

  /** Removes the interfaces that a sandbox of a killed JVM has left. */
  public static void sweep(String sandboxId) {
    String name = PREFIX + sandboxId;
    try {
      if (anyHere(name)) {
        sweep(new HostInterfaces(null), name);
      }
      if (Files.isDirectory(NAMESPACES)) {
        try (DirectoryStream<Path> namespaces = Files.newDirectoryStream(NAMESPACES)) {
          for (Path namespace : namespaces) {
            sweep(new HostInterfaces(namespace), name);
          }
        }
      }
    } catch (IOException e) {
      log.warn("network interfaces of sandbox {} may be left: {}", sandboxId, e.toString());
    }
  }

  private static boolean anyHere(String name) throws IOException {
    try (DirectoryStream<Path> all =
        Files.newDirectoryStream(Path.of("/sys/class/net"), name + "*")) {
      return all.iterator().hasNext();
    }
  }

  private static void sweep(HostInterfaces in, String name) throws IOException {
    for (String line : in.show("link", "show")) {
      Optional<String> found = nameIn(line).filter(one -> one.matches(name + "\\d+"));
      if (found.isPresent()) {
        for (String filtered : in.show("link", "show")) {
          Optional<String> other = nameIn(filtered);
          if (other.isPresent()
              && in.run("tc", "filter", "show", "dev", other.get(), "ingress")
                  .contains("to device " + found.get())) {
            in.unsplice(other.get());
          }
        }
        in.remove(found.get());
      }
    }
  }

  /** The name in a line of {@code ip -o link}: {@code 2: eth0@if5: <...>}. */
  public static Optional<String> nameIn(String line) {
    String[] words = line.split("\\s+", 3);
    if (words.length < 3) {
      return Optional.empty();
    }
    String name = words[1].endsWith(":") ? words[1].substring(0, words[1].length() - 1) : words[1];
    int at = name.indexOf('@');
    return Optional.of(at < 0 ? name : name.substring(0, at));
  }

  /** The word after this one. */
  public static Optional<String> after(String line, String word) {
    List<String> words = Arrays.asList(line.strip().split("\\s+"));
    int at = words.indexOf(word);
    return at >= 0 && at + 1 < words.size() ? Optional.of(words.get(at + 1)) : Optional.empty();
  }
}
