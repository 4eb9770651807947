package io.katajava.internal.host;

import io.katajava.KataDirectories;
import io.katajava.spi.HostView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** A host in a directory. */
public final class HostTree {
  public static final String RELEASE = "6.1.0-test";

  /** The parts that matter of what an Intel server shows. */
  public static final String INTEL =
      """
      processor\t: 0
      vendor_id\t: GenuineIntel
      model name\t: Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz
      flags\t\t: fpu vme lm sse4_1 sse4_2 vmx ept
      vmx flags\t: vnmi preemption_timer

      processor\t: 1
      vendor_id\t: GenuineIntel
      model name\t: Intel(R) Xeon(R) Gold 6338 CPU @ 2.00GHz
      flags\t\t: fpu vme lm sse4_1 sse4_2 vmx ept
      """;

  private final Path root;
  private final String architecture;

  public HostTree(Path root, String architecture) {
    this.root = root;
    this.architecture = architecture;
    file("/proc/sys/kernel/osrelease", RELEASE + "\n");
  }

  public HostTree file(String path, String text) {
    try {
      Path file = root.resolve(path.substring(1));
      Files.createDirectories(file.getParent());
      Files.writeString(file, text);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public HostTree directory(String path) {
    try {
      Files.createDirectories(root.resolve(path.substring(1)));
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public HostTree cpu(String cpuInfo) {
    return file("/proc/cpuinfo", cpuInfo);
  }

  public HostTree modules(String... names) {
    for (String name : names) {
      directory("/sys/module/" + name);
    }
    return this;
  }

  /** Executable files on the path of {@link #view}. */
  public HostTree programs(String... names) {
    for (String name : names) {
      file("/usr/bin/" + name, "");
      if (!root.resolve("usr/bin/" + name).toFile().setExecutable(true)) {
        throw new IllegalStateException(name + " cannot be made executable");
      }
    }
    return this;
  }

  public Path root() {
    return root;
  }

  public KataDirectories directories() {
    return new KataDirectories(root.resolve("run/kata-java"), root.resolve("cache/kata-java"));
  }

  public HostView view() {
    return new HostView(root, architecture, Map.of("PATH", "/usr/bin"), directories(), false);
  }
}
