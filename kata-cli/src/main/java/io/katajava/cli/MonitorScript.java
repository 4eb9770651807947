package io.katajava.cli;

import io.katajava.json.JsonException;
import io.katajava.qmp.QmpClient;
import io.katajava.qmp.QmpClosedException;
import io.katajava.qmp.QmpException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;

/** Commands from a pipe, one per line; ends at the first that fails. */
final class MonitorScript {
  private final QmpClient qmp;
  private final boolean hasSchema;
  private final PrintWriter out;
  private final PrintWriter err;

  MonitorScript(QmpClient qmp, boolean hasSchema, PrintWriter out, PrintWriter err) {
    this.qmp = qmp;
    this.hasSchema = hasSchema;
    this.out = out;
    this.err = err;
  }

  int run(BufferedReader lines) throws IOException {
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.isBlank() || line.strip().startsWith("#")) {
        continue;
      }
      try {
        MonitorLine command = MonitorLine.parse(line, hasSchema ? qmp.schema() : null);
        out.println(
            Json.indented(qmp.execute(QmpClient.command(command.command(), command.arguments()))));
        out.flush();
      } catch (QmpException | JsonException e) {
        err.println("kata: " + e.getMessage());
        err.flush();
        return e instanceof QmpClosedException ? ExitCodes.OWN_FAILURE : MonitorCommand.REFUSED;
      }
    }
    return 0;
  }
}
