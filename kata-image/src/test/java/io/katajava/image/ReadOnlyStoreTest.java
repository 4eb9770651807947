package io.katajava.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.katajava.Deadline;
import io.katajava.ProgressListener;
import io.katajava.image.testing.LayerBuilder;
import io.katajava.image.testing.LayoutBuilder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store on a file system that is mounted to be read: what is in it is used. */
class ReadOnlyStoreTest {
  private static final ImageReference APP = ImageReference.parse("example.org/app:1");

  /** Mounts a directory onto itself, only to be read, where only the command after it sees that. */
  private static final String MOUNT =
      "mount --bind \"$1\" \"$1\" && mount -o remount,bind,ro \"$1\" && shift && exec \"$@\"";

  @TempDir Path directory;

  /** Finds an image and its disks. */
  static final class User {
    private User() {}

    public static void main(String[] args) throws Exception {
      ImageStore store = ImageStore.builder().directory(Path.of(args[0])).build();
      Image image = store.find(APP).orElseThrow();
      System.out.println("LISTED " + store.list().size());
      System.out.println(
          "DISKS "
              + store
                  .images()
                  .prepare(image, Deadline.after(Duration.ofSeconds(30)), ProgressListener.NONE)
                  .size());
    }
  }

  @Test
  void prepare_disksAreThereAndStoreCannotBeWritten_areUsed() throws Exception {
    Path root = directory.resolve("store");
    ImageStore store = ImageStore.builder().directory(root).build();
    Path layout =
        new LayoutBuilder()
            .layer(new LayerBuilder().directory("etc").file("etc/a", "content"))
            .writeTo(directory.resolve("layout"), APP.toString());
    Image image = store.importFrom(layout, null, ProgressListener.NONE).get(0);
    int disks =
        store
            .images()
            .prepare(image, Deadline.after(Duration.ofSeconds(30)), ProgressListener.NONE)
            .size();
    List<String> command = new ArrayList<>(List.of("unshare", "--mount"));
    if (!System.getProperty("user.name").equals("root")) {
      command.add("--map-root-user");
    }
    command.addAll(
        List.of(
            "sh",
            "-c",
            MOUNT,
            "sh",
            root.toString(),
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-cp",
            System.getProperty("java.class.path"),
            User.class.getName(),
            root.toString()));

    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(output)
        .contains("LISTED 1", "DISKS " + disks)
        .doesNotContainIgnoringCase("damaged", "Exception");
    assertThat(process.exitValue()).isZero();
  }
}
