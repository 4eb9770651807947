package io.katajava.qemu.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The options that the gate knows are those of the installed QEMU, and take as many arguments. */
class QemuOptionsIT {
  private static final Path BINARY = QemuBinary.find(Optional.empty(), "x86_64");
  private static final Pattern NAME = Pattern.compile("^-([a-zA-Z0-9_-]+)", Pattern.MULTILINE);

  private static String said(String... arguments) throws IOException, InterruptedException {
    List<String> line = new ArrayList<>(List.of(BINARY.toString()));
    line.addAll(List.of(arguments));
    Process process = new ProcessBuilder(line).redirectErrorStream(true).start();
    process.getOutputStream().close();
    try (var output = process.getInputStream()) {
      return new String(output.readAllBytes(), StandardCharsets.UTF_8);
    } finally {
      process.waitFor();
    }
  }

  @Test
  void options_ofTheInstalledQemu_areKnownWithTheirArity() throws Exception {
    TreeSet<String> names = new TreeSet<>();
    NAME.matcher(said("-help")).results().map(MatchResult::group).forEach(names::add);
    names.add("-M");
    assertThat(names).hasSizeGreaterThan(80);

    List<String> wrong = new ArrayList<>();
    for (String shown : names) {
      String name = shown.replaceFirst("^-+", "");
      Optional<QemuOption> option = QemuOption.of(name);
      // QEMU looks at all names before it does anything, and complains of the first that is none.
      String complaint = said("-" + name, "-nothing-1", "-nothing-2");
      if (option.isEmpty()) {
        wrong.add(name + " is unknown");
      } else if (!complaint.contains(option.get().hasValue() ? "-nothing-2" : "-nothing-1")) {
        wrong.add(name + ": " + complaint);
      }
    }
    assertThat(wrong).isEmpty();
  }
}
