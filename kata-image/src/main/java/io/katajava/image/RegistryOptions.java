package io.katajava.image;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Options for the connections to registries. Made by {@link #builder()}; immutable. Proxies are
 * those of the JVM ({@code https.proxyHost}, …), and else of the environment ({@code HTTPS_PROXY},
 * {@code HTTP_PROXY}, {@code NO_PROXY}).
 */
public final class RegistryOptions {
  /** How many blobs are downloaded at once unless told otherwise. */
  public static final int DEFAULT_PARALLEL_DOWNLOADS = 4;

  private final Map<String, Credentials> credentials;
  private final Map<String, List<String>> mirrors;
  private final Set<String> insecure;
  private final List<Path> certificates;
  private final @Nullable Path dockerConfig;
  private final int parallelDownloads;

  private RegistryOptions(Builder builder) {
    this.credentials = Map.copyOf(builder.credentials);
    Map<String, List<String>> lists = new HashMap<>();
    builder.mirrors.forEach((registry, hosts) -> lists.put(registry, List.copyOf(hosts)));
    this.mirrors = Map.copyOf(lists);
    this.insecure = Set.copyOf(builder.insecure);
    this.certificates = List.copyOf(builder.certificates);
    this.dockerConfig = builder.dockerConfig;
    this.parallelDownloads = builder.parallelDownloads;
  }

  /**
   * Begins options.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * Who to be at a registry, when it was set here.
   *
   * @param registry host, with a port if there is one
   * @return user and password
   */
  public Optional<Credentials> credentials(String registry) {
    return Optional.ofNullable(credentials.get(registry));
  }

  /**
   * Registries that are asked before another one.
   *
   * @param registry host, with a port if there is one
   * @return hosts in the order in which they are asked
   */
  public List<String> mirrors(String registry) {
    return mirrors.getOrDefault(registry, List.of());
  }

  /**
   * Tells whether a registry may be reached without TLS or with a certificate nobody vouches for.
   *
   * @param registry host, with a port if there is one
   * @return whether it was set here
   */
  public boolean isInsecure(String registry) {
    return insecure.contains(registry);
  }

  /**
   * Certificates of authorities besides the JVM's.
   *
   * @return PEM files
   */
  public List<Path> certificates() {
    return certificates;
  }

  /**
   * Docker's configuration file.
   *
   * @return the file; empty for {@code $DOCKER_CONFIG/config.json}, {@code ~/.docker/config.json}
   */
  public Optional<Path> dockerConfig() {
    return Optional.ofNullable(dockerConfig);
  }

  /**
   * How many blobs are downloaded at once.
   *
   * @return at least 1
   */
  public int parallelDownloads() {
    return parallelDownloads;
  }

  /**
   * User and password, or a token.
   *
   * @param user the user's name
   * @param password the password
   */
  public record Credentials(String user, String password) {
    /** Nothing of it is told. */
    @Override
    public String toString() {
      return "Credentials[…]";
    }
  }

  /** Collects options. Not safe for several threads. */
  public static final class Builder {
    private final Map<String, Credentials> credentials = new HashMap<>();
    private final Map<String, List<String>> mirrors = new HashMap<>();
    private final Set<String> insecure = new HashSet<>();
    private final List<Path> certificates = new ArrayList<>();
    private @Nullable Path dockerConfig;
    private int parallelDownloads = DEFAULT_PARALLEL_DOWNLOADS;

    private Builder() {}

    /**
     * Sets who to be at a registry. Default: what Docker's configuration file or its credential
     * helper says, else nobody.
     *
     * @param registry host, with a port if there is one; {@code docker.io} for Docker's own
     * @param user the user's name
     * @param password the password
     * @return this
     */
    public Builder credentials(String registry, String user, String password) {
      credentials.put(registry, new Credentials(user, password));
      return this;
    }

    /**
     * Adds a registry that is asked before another one. Digests are checked, so a mirror can only
     * fail; tags are what the mirror says they are. Default: no mirrors.
     *
     * @param registry whose images it has
     * @param mirror its host, with a port if there is one
     * @return this
     */
    public Builder mirror(String registry, String mirror) {
      mirrors.computeIfAbsent(registry, key -> new ArrayList<>()).add(mirror);
      return this;
    }

    /**
     * Allows a registry to be reached without TLS, and with a certificate nobody vouches for.
     * Default: only {@code localhost}, {@code 127.0.0.0/8} and {@code [::1]} may be without TLS.
     *
     * @param registry host, with a port if there is one
     * @return this
     */
    public Builder insecure(String registry) {
      insecure.add(registry);
      return this;
    }

    /**
     * Trusts the authorities of a PEM file, besides those of the JVM.
     *
     * @param file certificates
     * @return this
     */
    public Builder certificates(Path file) {
      certificates.add(file.toAbsolutePath());
      return this;
    }

    /**
     * Takes credentials from another file of Docker's form. Default: {@code
     * $DOCKER_CONFIG/config.json}, {@code ~/.docker/config.json}.
     *
     * @param file the file; it need not exist
     * @return this
     */
    public Builder dockerConfig(Path file) {
      this.dockerConfig = file.toAbsolutePath();
      return this;
    }

    /**
     * Sets how many blobs are downloaded at once. Default: {@link #DEFAULT_PARALLEL_DOWNLOADS}.
     *
     * @param downloads 1 to 32
     * @return this
     */
    public Builder parallelDownloads(int downloads) {
      if (downloads < 1 || downloads > 32) {
        throw new IllegalArgumentException("1 to 32 downloads at once, asked for " + downloads);
      }
      this.parallelDownloads = downloads;
      return this;
    }

    /**
     * The options.
     *
     * @return immutable options
     */
    public RegistryOptions build() {
      return new RegistryOptions(this);
    }
  }

  /** Credentials are not told. */
  @Override
  public String toString() {
    return "RegistryOptions[mirrors " + mirrors + ", insecure " + insecure + "]";
  }
}
