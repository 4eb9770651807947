package io.katajava.sdk;

import io.katajava.Container;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/**
 * The JVM of a test that is not the test's own. {@code start STATE} starts a detached sandbox with
 * some containers, prints its id and waits to be killed; {@code start-and-end STATE} ends by
 * itself; {@code attach STATE ID} attaches, prints {@code attached} or the error's code, and ends.
 */
final class Detacher {
  static final String EARLY = "early";
  static final String JOB = "job";
  static final String MADE = "made";
  static final String SHARED = "shared";

  private Detacher() {}

  public static void main(String[] arguments) throws Exception {
    // Closed by the end of the JVM, whatever that is.
    Kata kata = Kata.builder().stateDirectory(Path.of(arguments[1])).build();
    switch (arguments[0]) {
      case "attach" -> {
        try (Sandbox sandbox = kata.attach(arguments[2])) {
          System.out.println(sandbox.exec("echo", "attached").stdoutText().strip());
        } catch (KataException e) {
          System.out.println(e.code());
        }
      }
      case "start-and-end" -> start(kata);
      default -> {
        start(kata);
        new CountDownLatch(1).await();
      }
    }
  }

  private static void start(Kata kata) {
    Sandbox sandbox =
        kata.sandbox().name("keeper").annotation("for", "test").image("busybox").detached().start();
    sandbox.exec("sh", "-c", "echo kept > /kept").orThrow();
    Container early =
        sandbox.container(EARLY).command("sh", "-c", "echo bye; exit 3").env("A", "b").start();
    early.mainProcess().waitFor();
    sandbox
        .container(JOB)
        .command(
            "sh", "-c", "echo begun; while ! [ -e /go ]; do sleep 0.1; done; echo over; exit 5")
        .env("COLOUR", "\"blue\"\n")
        .user("1000:1000")
        .tmpfs("/tmp", MemorySize.mebibytes(4))
        .keepLog(MemorySize.kibibytes(64))
        .start();
    sandbox.container(MADE).command("sh", "-c", "exit 9").create();
    sandbox.container(SHARED).sharedPid().command("sleep", "600").start();
    sandbox.execInteractive(exec -> exec.command("sleep", "777"));
    System.out.println(sandbox.id() + " " + sandbox.hypervisorPid());
    System.out.flush();
  }
}
