package io.katajava.cli;

import io.katajava.json.JsonObject;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What QEMU tells of a machine when it is asked, changing nothing. */
final class QmpState {
  private static final Duration LIMIT = Duration.ofSeconds(5);

  private static final List<String> QUESTIONS =
      List.of(
          "query-version",
          "query-status",
          "query-name",
          "query-cpus-fast",
          "query-memory-size-summary",
          "query-chardev",
          "query-block",
          "query-pci",
          "query-iothreads");

  private QmpState() {}

  /** The newer one where QEMU has it: the other is deprecated there. */
  private static String ofAccelerator(QmpClient qmp) {
    try {
      return qmp.supports("query-accelerators") ? "query-accelerators" : "query-kvm";
    } catch (QmpException e) {
      return "query-kvm";
    }
  }

  /** Question by question; one that is refused says so in its place. */
  static JsonObject of(QmpClient qmp) {
    JsonObject.Builder answers = JsonObject.builder();
    List<String> questions = new ArrayList<>(QUESTIONS);
    questions.add(ofAccelerator(qmp));
    for (String question : questions) {
      try {
        answers.put(
            question, qmp.execute(QmpClient.command(question, JsonObject.EMPTY), LIMIT).redacted());
      } catch (QmpException e) {
        answers.put(
            question, JsonObject.builder().put("failed", String.valueOf(e.getMessage())).build());
      }
    }
    return answers.build();
  }
}
