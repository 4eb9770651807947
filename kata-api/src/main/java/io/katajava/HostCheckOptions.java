package io.katajava;

import io.katajava.internal.host.Architectures;
import io.katajava.spi.HostProbe;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Options for the way in which {@link Host} checks the host. */
public final class HostCheckOptions {
  private final Path root;
  private final String architecture;
  private final Map<String, String> environment;
  private final KataDirectories directories;
  private final boolean networkChecks;
  private final List<HostProbe> probes;

  private HostCheckOptions(Builder builder) {
    root = builder.root;
    architecture = builder.architecture;
    environment = builder.environment;
    directories = builder.directories;
    networkChecks = builder.networkChecks;
    probes = List.copyOf(builder.probes);
  }

  /**
   * Begins options with their defaults.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * See {@link Builder#root}.
   *
   * @return the directory that stands for {@code /}
   */
  public Path root() {
    return root;
  }

  /**
   * See {@link Builder#architecture}.
   *
   * @return the architecture in QEMU's spelling
   */
  public String architecture() {
    return architecture;
  }

  /**
   * See {@link Builder#environment}.
   *
   * @return the environment variables
   */
  public Map<String, String> environment() {
    return environment;
  }

  /**
   * See {@link Builder#directories}.
   *
   * @return where state and caches would be kept
   */
  public KataDirectories directories() {
    return directories;
  }

  /**
   * See {@link Builder#networkChecks}.
   *
   * @return whether the network may be used
   */
  public boolean networkChecks() {
    return networkChecks;
  }

  /**
   * See {@link Builder#probe}.
   *
   * @return the probes given
   */
  public List<HostProbe> probes() {
    return probes;
  }

  /** Collects options. Not safe for several threads. */
  public static final class Builder {
    private Path root = Path.of("/");
    private String architecture = Architectures.current();
    private Map<String, String> environment = System.getenv();
    private KataDirectories directories = KataDirectories.fromEnvironment();
    private boolean networkChecks;
    private final List<HostProbe> probes = new ArrayList<>();

    private Builder() {}

    /**
     * Looks at files below this directory instead of at the host's own, for example at a copy of
     * another host's {@code /proc} and {@code /sys}. Default: {@code /}.
     *
     * @param root a directory
     * @return this
     */
    public Builder root(Path root) {
      this.root = root.toAbsolutePath().normalize();
      return this;
    }

    /**
     * The architecture of the host looked at. Default: this JVM's.
     *
     * @param architecture QEMU's or the kernel's name of it, for example {@code ppc64le}
     * @return this
     */
    public Builder architecture(String architecture) {
      this.architecture = Architectures.inQemuSpelling(architecture);
      return this;
    }

    /**
     * The environment variables, of which {@code PATH} is used. Default: this process's.
     *
     * @param environment the variables
     * @return this
     */
    public Builder environment(Map<String, String> environment) {
      this.environment = Map.copyOf(environment);
      return this;
    }

    /**
     * Where state and caches would be kept. Default: {@link KataDirectories#fromEnvironment()}.
     *
     * @param directories the directories; they need not exist
     * @return this
     */
    public Builder directories(KataDirectories directories) {
      this.directories = directories;
      return this;
    }

    /**
     * Whether checks may use the network. Default: no.
     *
     * @param allowed whether they may
     * @return this
     */
    public Builder networkChecks(boolean allowed) {
      this.networkChecks = allowed;
      return this;
    }

    /**
     * Asks this probe too; it takes the place of the one on the class path with the same name.
     *
     * @param probe the probe
     * @return this
     */
    public Builder probe(HostProbe probe) {
      probes.add(probe);
      return this;
    }

    /**
     * Makes the options.
     *
     * @return the options
     */
    public HostCheckOptions build() {
      return new HostCheckOptions(this);
    }
  }
}
