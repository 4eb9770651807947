package io.katajava.guest;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Puts a Java runtime and this JVM's class path into a guest. */
final class JavaInGuest {
  static final String JAVA = "/jre/bin/java";
  static final String CLASS_PATH = "/classes/*";

  private static final Pattern LIBRARY = Pattern.compile("(?:=> )?(/\\S+\\.so\\S*) \\(0x");

  private final Path work;

  JavaInGuest(Path work) {
    this.work = work;
  }

  /** Adds a runtime made of this JVM's own modules, with the libraries of the C world it needs. */
  void addTo(GuestBuilder guest) throws IOException, InterruptedException {
    Path home = Path.of(System.getProperty("java.home"));
    Path image = work.resolve("jre");
    run(
        home.resolve("bin/jlink").toString(),
        "--add-modules",
        "java.base,java.logging,java.management,java.instrument,jdk.unsupported",
        "--strip-debug",
        "--no-header-files",
        "--no-man-pages",
        "--output",
        image.toString());
    addTree(guest, image, "/jre");
    Set<String> libraries = new TreeSet<>();
    for (String binary : List.of("bin/java", "lib/server/libjvm.so", "lib/libnet.so")) {
      Matcher found = LIBRARY.matcher(run("ldd", image.resolve(binary).toString()));
      while (found.find()) {
        libraries.add(found.group(1));
      }
    }
    // Of the runtime itself are those that are not the system's.
    libraries.removeIf(library -> library.startsWith(image.toString()));
    for (String library : libraries) {
      guest.file(library, Path.of(library), 0755);
    }
    addClassPath(guest);
  }

  private void addClassPath(GuestBuilder guest) throws IOException {
    int number = 0;
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator, -1)) {
      Path path = Path.of(entry);
      String name = String.format("/classes/%03d.jar", number++);
      if (Files.isRegularFile(path)) {
        guest.file(name, path, 0644);
      } else if (!entry.isEmpty() && Files.isDirectory(path)) {
        Path jar = work.resolve("classes-" + number + ".jar");
        pack(path, jar);
        guest.file(name, jar, 0644);
      }
    }
  }

  private static void pack(Path directory, Path jar) throws IOException {
    try (OutputStream file = Files.newOutputStream(jar);
        JarOutputStream out = new JarOutputStream(file);
        Stream<Path> all = Files.walk(directory)) {
      for (Path each : all.filter(Files::isRegularFile).sorted().toList()) {
        out.putNextEntry(new JarEntry(directory.relativize(each).toString()));
        Files.copy(each, out);
        out.closeEntry();
      }
    }
  }

  private static void addTree(GuestBuilder guest, Path root, String target) throws IOException {
    try (Stream<Path> all = Files.walk(root)) {
      all.filter(Files::isRegularFile)
          .filter(path -> !root.relativize(path).startsWith("legal"))
          .forEach(
              path ->
                  guest.file(
                      target + "/" + root.relativize(path),
                      path,
                      Files.isExecutable(path) ? 0755 : 0644));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private String run(String... command) throws IOException, InterruptedException {
    Path output = work.resolve("command-output");
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(3, TimeUnit.MINUTES)) {
      process.destroyForcibly();
    }
    String text = Files.readString(output);
    if (process.waitFor() != 0) {
      throw new IOException(String.join(" ", command) + " failed: " + text);
    }
    return text;
  }
}
