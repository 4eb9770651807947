package monitor;

import io.katajava.qmp.QmpClient;
import io.katajava.qmp.command.QueryStatus;
import io.katajava.qmp.command.Quit;
import java.nio.file.Path;

/** Asks the QEMU behind a socket how it is, and ends it. */
public final class Status {
  public static void main(String[] arguments) {
    try (QmpClient qmp = QmpClient.connect(Path.of(arguments[0]))) {
      System.out.println("QEMU is " + qmp.execute(new QueryStatus()).status());
      qmp.execute(new Quit());
    }
  }
}
