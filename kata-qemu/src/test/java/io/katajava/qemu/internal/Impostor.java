package io.katajava.qemu.internal;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A process that takes QEMU's arguments and behaves as it was told, for failures on demand. */
final class Impostor {
  /** How it behaves. */
  enum Behaviour {
    /** Like QEMU. */
    NORMAL,
    /** Complains and ends, whatever it is asked. */
    REFUSES,
    /** Opens no socket. */
    DEAF,
    /** Opens its sockets and says nothing. */
    MUTE,
    /** Says something that is not QMP. */
    GARBAGE,
    /** Ends after its sockets are open. */
    DIES_BEFORE_GREETING,
    /** Ends like a guest that switches itself off, once negotiated. */
    SHUTS_DOWN,
    /** Heeds SIGTERM, but not quit. */
    IGNORES_QUIT,
    /** Heeds neither quit nor SIGTERM. */
    STUBBORN,
    /** Writes 4 MiB to both outputs, with control characters. */
    FLOODS
  }

  private static final Pattern ID = Pattern.compile("\"id\":\\s*(\"[^\"]*\"|\\d+)");
  private static final Pattern COMMAND = Pattern.compile("\"execute\":\\s*\"([^\"]*)\"");
  private static final String GREETING =
      "{\"QMP\": {\"version\": {\"qemu\": {\"micro\": "
          + Integer.getInteger("impostor.micro", 1)
          + ", \"minor\": 2, \"major\": 7},"
          + " \"package\": \"\"}, \"capabilities\": []}}\r\n";

  private Impostor() {}

  /** Writes an executable that can be given as QEMU's binary. */
  static Path write(Path directory, Behaviour behaviour) throws IOException {
    Path script = directory.resolve("qemu-system-x86_64");
    Files.writeString(
        script,
        "#!/bin/sh\n"
            + (behaviour == Behaviour.STUBBORN ? "trap '' TERM\n" : "")
            + "exec '"
            + Path.of(System.getProperty("java.home"), "bin", "java")
            + "' -Dimpostor.micro=$(cat '"
            + micro(script)
            + "' 2>/dev/null) -Xrs -Xshare:auto -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx32m -cp '"
            + System.getProperty("java.class.path")
            + "' "
            + Impostor.class.getName()
            + " "
            + behaviour
            + " \"$@\"\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwxr-xr-x"));
    return script;
  }

  /** A file with the last number of its version, which is 1 where there is none. */
  static Path micro(Path script) {
    return script.resolveSibling("micro");
  }

  public static void main(String[] arguments) throws Exception {
    Behaviour behaviour = Behaviour.valueOf(arguments[0]);
    List<String> line = Arrays.asList(arguments).subList(1, arguments.length);
    if (behaviour == Behaviour.REFUSES) {
      System.err.println("qemu-system-x86_64: -machine q35: something is wrong");
      System.exit(1);
    }
    if (value(line, "-qmp").equals("stdio")) {
      serve(System.in, System.out, Behaviour.NORMAL);
      return;
    }
    if (behaviour == Behaviour.DEAF) {
      TimeUnit.HOURS.sleep(1);
    }
    if (behaviour == Behaviour.FLOODS) {
      flood();
    }
    System.out.println("console of the impostor");
    Path qmp = path(value(line, "-qmp"));
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(qmp));
      Path ready =
          line.stream()
              .filter(argument -> argument.contains("id=ready"))
              .map(Impostor::path)
              .findFirst()
              .orElseThrow();
      SocketChannel.open(UnixDomainSocketAddress.of(ready)).close();
      if (behaviour == Behaviour.DIES_BEFORE_GREETING) {
        System.err.println("qemu-system-x86_64: out of luck");
        Runtime.getRuntime().halt(3);
      }
      SocketChannel client = server.accept();
      serve(Channels.newInputStream(client), Channels.newOutputStream(client), behaviour);
    }
  }

  private static String value(List<String> line, String option) {
    return line.get(line.indexOf(option) + 1);
  }

  private static Path path(String value) {
    return Path.of(value.replaceAll(".*path=([^,]*).*", "$1"));
  }

  private static void flood() {
    byte[] block =
        "\u001b[31mred\u0007 and\u0000 more text to fill a line\n"
            .repeat(100)
            .getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < (4 << 20) / block.length; i++) {
      System.out.writeBytes(block);
      System.err.writeBytes(block);
    }
  }

  private static void serve(InputStream in, OutputStream out, Behaviour behaviour)
      throws IOException, InterruptedException {
    if (behaviour == Behaviour.MUTE) {
      TimeUnit.HOURS.sleep(1);
    }
    send(out, behaviour == Behaviour.GARBAGE ? "220 mail ready\r\n" : GREETING);
    BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      Matcher id = ID.matcher(line);
      Matcher command = COMMAND.matcher(line);
      if (!command.find()) {
        continue;
      }
      String tail = id.find() ? ", \"id\": " + id.group(1) + "}\r\n" : "}\r\n";
      switch (command.group(1)) {
        case "query-machines" ->
            send(
                out,
                "{\"return\": [{\"name\": \"pc-q35-7.2\", \"alias\": \"q35\", \"cpu-max\": 288,"
                    + " \"hotpluggable-cpus\": true, \"numa-mem-supported\": true,"
                    + " \"deprecated\": false, \"acpi\": true}]"
                    + tail);
        case "query-qmp-schema" -> send(out, "{\"return\": []" + tail);
        case "query-command-line-options" ->
            send(out, "{\"return\": [{\"option\": \"sandbox\", \"parameters\": []}]" + tail);
        case "quit" -> quit(out, tail, behaviour);
        default -> send(out, "{\"return\": {}" + tail);
      }
      if (behaviour == Behaviour.SHUTS_DOWN) {
        TimeUnit.MILLISECONDS.sleep(200);
        send(out, shutdown("guest-shutdown"));
        Runtime.getRuntime().halt(0);
      }
    }
    if (behaviour == Behaviour.STUBBORN || behaviour == Behaviour.IGNORES_QUIT) {
      TimeUnit.HOURS.sleep(1);
    }
  }

  private static void quit(OutputStream out, String tail, Behaviour behaviour) throws IOException {
    if (behaviour == Behaviour.STUBBORN || behaviour == Behaviour.IGNORES_QUIT) {
      return;
    }
    send(out, shutdown("host-qmp-quit"));
    send(out, "{\"return\": {}" + tail);
    Runtime.getRuntime().halt(0);
  }

  private static String shutdown(String reason) {
    return "{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \""
        + reason
        + "\"}, \"timestamp\": {\"seconds\": 1700000000, \"microseconds\": 0}}\r\n";
  }

  private static void send(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }
}
