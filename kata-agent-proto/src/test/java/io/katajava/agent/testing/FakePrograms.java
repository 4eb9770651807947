package io.katajava.agent.testing;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the fake guest has in its {@code /bin}. */
final class FakePrograms {
  private FakePrograms() {}

  static Map<String, FakeProgram> all() {
    Map<String, FakeProgram> all = new LinkedHashMap<>();
    all.put("true", process -> 0);
    all.put("false", process -> 1);
    all.put("cat", process -> run(process, process.arguments()));
    all.put("echo", process -> run(process, process.arguments()));
    all.put("sleep", process -> run(process, process.arguments()));
    all.put("sh", FakePrograms::shell);
    return all;
  }

  /**
   * {@code sh -c SCRIPT}, or a script on standard input line by line: commands with arguments,
   * separated by semicolons; {@code $NAME} and a redirection of the output to standard error.
   */
  private static int shell(FakeProcess process) throws IOException, InterruptedException {
    if (process.arguments().size() == 3 && process.arguments().get(1).equals("-c")) {
      return script(process, process.arguments().get(2));
    }
    StringBuilder line = new StringBuilder();
    int status = 0;
    for (int c = process.stdin().read(); c >= 0 && c != 4; c = process.stdin().read()) {
      if (c != '\n') {
        line.append((char) c);
        continue;
      }
      if (line.toString().startsWith("exit")) {
        return script(process, line.toString());
      }
      status = script(process, line.toString());
      line.setLength(0);
    }
    return status;
  }

  private static int script(FakeProcess process, String script)
      throws IOException, InterruptedException {
    int status = 0;
    for (String command : script.split(";", -1)) {
      String line = command.strip();
      for (Map.Entry<String, String> entry : process.environment().entrySet()) {
        line = line.replace("$" + entry.getKey(), entry.getValue());
      }
      if (line.isEmpty()) {
        continue;
      }
      List<String> words = List.of(line.split(" +"));
      if (words.get(0).equals("exit")) {
        return Integer.parseInt(words.get(1));
      }
      status = run(process, words);
    }
    return status;
  }

  private static int run(FakeProcess process, List<String> words)
      throws IOException, InterruptedException {
    String name = words.get(0).substring(words.get(0).lastIndexOf('/') + 1);
    List<String> rest = words.subList(1, words.size());
    switch (name) {
      case "echo" -> {
        boolean toError = !rest.isEmpty() && rest.get(rest.size() - 1).equals(">&2");
        List<String> text = toError ? rest.subList(0, rest.size() - 1) : rest;
        byte[] line = (String.join(" ", text) + "\n").getBytes(UTF_8);
        (toError ? process.stderr() : process.stdout()).write(line);
      }
      case "pwd" -> process.stdout().write((process.directory() + "\n").getBytes(UTF_8));
      case "stty" -> process.stdout().write((process.terminalSize() + "\n").getBytes(UTF_8));
      case "sleep" -> Thread.sleep((long) (1000 * Double.parseDouble(rest.get(0))));
      case "cat" -> {
        if (rest.isEmpty()) {
          process.stdin().transferTo(process.stdout());
        }
        for (String path : rest) {
          process.stdout().write(process.file(path));
        }
      }
      case "true" -> {
        return 0;
      }
      case "false" -> {
        return 1;
      }
      default -> {
        process.stderr().write(("sh: " + name + ": not found\n").getBytes(UTF_8));
        return 127;
      }
    }
    return 0;
  }
}
