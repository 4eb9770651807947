package io.katajava.sdk;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Container;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.Sandbox;
import io.katajava.Volume;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Ends come, whatever a step on their way fails with. */
class EndsIT {
  private static final String REPLACED = "replaced";

  @TempDir Path directory;

  @Test
  void close_directoryThatIsAnotherOneByThen_endsTheMachineAndTells() throws Exception {
    Process jvm = victim("C.UTF-8", REPLACED);
    String said = new String(jvm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(jvm.waitFor()).as(said).isZero();
    assertThat(said)
        .contains("sandbox: COPY_FAILED")
        .contains("runtime: COPY_FAILED")
        .contains("machines left: 0");
    new Leftovers(directory.resolve("s")).assertNone();
    // The other volume of each container came back all the same.
    assertThat(directory.resolve("one/fine/plain")).hasContent("x");
    assertThat(directory.resolve("other/fine/plain")).hasContent("x");
  }

  /** In the first locale the JVM cannot spell the name of a file that the guest made. */
  @ParameterizedTest
  @ValueSource(strings = {"C", "C.UTF-8"})
  void close_whateverTheLocale_bringsAllNamesBackAndIsSilent(String locale) throws Exception {
    Process jvm = victim(locale, "");
    String said = new String(jvm.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(jvm.waitFor()).as(said).isZero();
    assertThat(said).contains("sandbox: closed", "runtime: closed", "machines left: 0");
    assertThat(directory.resolve("one/odd/caf\u00e9")).hasContent("x");
    assertThat(directory.resolve("other/odd/caf\u00e9")).hasContent("x");
  }

  private Process victim(String locale, String mode) throws Exception {
    for (String name : List.of("one", "other")) {
      Files.createDirectories(directory.resolve(name).resolve("odd"));
      Files.createDirectory(directory.resolve(name).resolve("fine"));
    }
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                Closing.class.getName(),
                directory.toString(),
                mode)
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    builder.environment().put("LC_ALL", locale);
    return builder.start();
  }

  /** Closes one sandbox by itself and another by its runtime, and tells what that threw. */
  static final class Closing {
    private Closing() {}

    public static void main(String[] arguments) throws Exception {
      Path directory = Path.of(arguments[0]);
      List<Long> machines = new ArrayList<>();
      Kata kata = Kata.builder().stateDirectory(directory.resolve("s")).build();
      Sandbox first = start(kata, directory.resolve("one"), machines);
      start(kata, directory.resolve("other"), machines);
      if (arguments[1].equals(REPLACED)) {
        for (String name : List.of("one", "other")) {
          Path odd = directory.resolve(name).resolve("odd");
          Files.move(odd, odd.resolveSibling("away"));
          Files.createDirectory(odd);
        }
      }
      tell("sandbox", first::close);
      tell("runtime", kata::close);
      long deadline = System.nanoTime() + Duration.ofSeconds(5).toNanos();
      while (running(machines) > 0 && System.nanoTime() < deadline) {
        Thread.onSpinWait();
      }
      System.out.println("machines left: " + running(machines));
    }

    private static long running(List<Long> machines) {
      return machines.stream()
          .filter(pid -> ProcessHandle.of(pid).filter(ProcessHandle::isAlive).isPresent())
          .count();
    }

    private static Sandbox start(Kata kata, Path host, List<Long> machines) {
      Sandbox sandbox = kata.sandbox().start();
      machines.add(sandbox.hypervisorPid());
      Container container =
          sandbox
              .container("c")
              .volume("/odd", Volume.hostDirectory(host.resolve("odd")).writable())
              .volume("/fine", Volume.hostDirectory(host.resolve("fine")).writable())
              .command("sleep", "1000")
              .start();
      container
          .exec("sh", "-c", "echo -n x > /fine/plain; echo x > /odd/$(printf 'caf\\303\\251')")
          .orThrow();
      return sandbox;
    }

    private static void tell(String what, Runnable end) {
      try {
        end.run();
        System.out.println(what + ": closed");
      } catch (KataException e) {
        System.out.println(what + ": " + e.code());
      }
    }
  }
}
