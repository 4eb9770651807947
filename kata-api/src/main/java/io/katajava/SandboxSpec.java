package io.katajava;

import io.katajava.internal.net.IpPort;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The description of a sandbox. Made by {@link SandboxBuilder}.
 *
 * @param name a name for people
 * @param vcpus number of vCPUs; the hypervisor configuration's when absent
 * @param memory guest memory; the hypervisor configuration's when absent
 * @param image root filesystem of the default container, made at the start; when absent the guest's
 *     built-in one, made at the first command
 * @param hostname the containers' host name
 * @param startTimeout how long the whole start may take
 * @param annotations notes of whoever asked for it, in their order
 * @param networking networks and names
 * @param life how long it lives
 * @param birth whether it may be made of a template
 * @param sharing how directories of the host reach its containers
 */
public record SandboxSpec(
    Optional<String> name,
    OptionalInt vcpus,
    Optional<MemorySize> memory,
    Optional<String> image,
    String hostname,
    Duration startTimeout,
    Map<String, String> annotations,
    Networking networking,
    SandboxLife life,
    BirthPolicy birth,
    DirectorySharing sharing) {

  /** How long a start may take unless told otherwise; generous, for hosts without KVM. */
  public static final Duration DEFAULT_START_TIMEOUT = Duration.ofMinutes(2);

  /**
   * A sandbox's networks and how its containers find names.
   *
   * @param networks one network card each, in order; none for a guest with a loopback only
   * @param nameServers addresses, with {@code :port} where it is not 53; those of the host when
   *     empty
   * @param searchDomains domains in which short names are looked up
   * @param hosts further lines of the containers' hosts file: name to address
   */
  public record Networking(
      List<Network> networks,
      List<String> nameServers,
      List<String> searchDomains,
      Map<String, String> hosts) {
    /** No network. */
    public static final Networking NONE = new Networking(List.of(), List.of(), List.of(), Map.of());

    private static final int DNS = 53;

    /** What a C library reads of a {@code resolv.conf} (MAXNS of resolv.h). */
    private static final int MOST_NAME_SERVERS = 3;

    /** As Kubernetes has it; C libraries have no limit, or a lower one. */
    private static final int MOST_SEARCH_DOMAINS = 32;

    private static final int LONGEST_SEARCH = 2048;

    /**
     * Copies the collections.
     *
     * @throws KataException with {@link ErrorCode#INVALID_CONFIGURATION} if the containers' {@code
     *     resolv.conf} could not say what is asked for
     */
    public Networking {
      networks = List.copyOf(networks);
      nameServers = List.copyOf(nameServers);
      searchDomains = List.copyOf(searchDomains);
      hosts = Collections.unmodifiableMap(new LinkedHashMap<>(hosts));
      if (networks.stream().noneMatch(Network.User.class::isInstance)) {
        refuseWhatCannotBeWritten(nameServers);
      }
      if (searchDomains.size() > MOST_SEARCH_DOMAINS
          || String.join(" ", searchDomains).length() > LONGEST_SEARCH) {
        throw new KataException(
            ErrorCode.INVALID_CONFIGURATION,
            "a sandbox has at most "
                + MOST_SEARCH_DOMAINS
                + " search domains with "
                + LONGEST_SEARCH
                + " characters together, not "
                + searchDomains.size()
                + " with "
                + String.join(" ", searchDomains).length());
      }
    }

    private static void refuseWhatCannotBeWritten(List<String> nameServers) {
      for (String server : nameServers) {
        int port = IpPort.parse(server, DNS).port();
        if (port != DNS) {
          throw refused(
              "name server "
                  + server
                  + " has port "
                  + port
                  + ", but a resolv.conf cannot name ports");
        }
      }
      if (nameServers.size() > MOST_NAME_SERVERS) {
        throw refused(
            nameServers.size()
                + " name servers are given, but resolvers read only "
                + MOST_NAME_SERVERS
                + " of a resolv.conf");
      }
    }

    private static KataException refused(String why) {
      return new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "the containers' name servers cannot be set: " + why,
          KataException.Details.none()
              .withRemedy(
                  "Connect the sandbox with Network.user(): then the host asks the name servers,"
                      + " at any port"));
    }
  }

  /**
   * Describes a sandbox with every setting at its default: a name and sizes of the hypervisor's
   * configuration, no network, no limit of its life, and a birth from a template if there is one.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The same settings, to be changed.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.name = name;
    builder.vcpus = vcpus;
    builder.memory = memory;
    builder.image = image;
    builder.hostname = hostname;
    builder.startTimeout = startTimeout;
    builder.annotations = annotations;
    builder.networking = networking;
    builder.life = life;
    builder.birth = birth;
    builder.sharing = sharing;
    return builder;
  }

  /** Copies the annotations. */
  public SandboxSpec {
    annotations = Collections.unmodifiableMap(new LinkedHashMap<>(annotations));
  }

  /** Changes settings of a description; {@link SandboxBuilder} checks them. */
  public static final class Builder {
    private Optional<String> name = Optional.empty();
    private OptionalInt vcpus = OptionalInt.empty();
    private Optional<MemorySize> memory = Optional.empty();
    private Optional<String> image = Optional.empty();
    private String hostname = "";
    private Duration startTimeout = DEFAULT_START_TIMEOUT;
    private Map<String, String> annotations = Map.of();
    private Networking networking = Networking.NONE;
    private SandboxLife life = SandboxLife.UNLIMITED;
    private BirthPolicy birth = BirthPolicy.TEMPLATE_IF_PRESENT;
    private DirectorySharing sharing = DirectorySharing.COPY;

    private Builder() {}

    /**
     * Sets {@link SandboxSpec#name}.
     *
     * @param name a name for people
     * @return this
     */
    public Builder name(String name) {
      this.name = Optional.of(name);
      return this;
    }

    /**
     * Sets {@link SandboxSpec#vcpus}.
     *
     * @param vcpus number of vCPUs
     * @return this
     */
    public Builder vcpus(int vcpus) {
      this.vcpus = OptionalInt.of(vcpus);
      return this;
    }

    /**
     * Sets {@link SandboxSpec#memory}.
     *
     * @param memory guest memory
     * @return this
     */
    public Builder memory(MemorySize memory) {
      this.memory = Optional.of(memory);
      return this;
    }

    /**
     * Sets {@link SandboxSpec#image}.
     *
     * @param image root filesystem of the default container
     * @return this
     */
    public Builder image(String image) {
      this.image = Optional.of(image);
      return this;
    }

    /**
     * Sets {@link SandboxSpec#hostname}.
     *
     * @param hostname the containers' host name; the sandbox's id when empty
     * @return this
     */
    public Builder hostname(String hostname) {
      this.hostname = hostname;
      return this;
    }

    /**
     * Sets {@link SandboxSpec#startTimeout}.
     *
     * @param startTimeout how long the whole start may take
     * @return this
     */
    public Builder startTimeout(Duration startTimeout) {
      this.startTimeout = startTimeout;
      return this;
    }

    /**
     * Sets {@link SandboxSpec#annotations}.
     *
     * @param annotations notes of whoever asks for it, in their order
     * @return this
     */
    public Builder annotations(Map<String, String> annotations) {
      this.annotations = new LinkedHashMap<>(annotations);
      return this;
    }

    /**
     * Sets {@link SandboxSpec#networking}.
     *
     * @param networking networks and names
     * @return this
     */
    public Builder networking(Networking networking) {
      this.networking = networking;
      return this;
    }

    /**
     * Sets {@link SandboxSpec#life}.
     *
     * @param life how long it lives
     * @return this
     */
    public Builder life(SandboxLife life) {
      this.life = life;
      return this;
    }

    /**
     * Sets {@link SandboxSpec#birth}.
     *
     * @param birth whether it may be made of a template
     * @return this
     */
    public Builder birth(BirthPolicy birth) {
      this.birth = birth;
      return this;
    }

    /**
     * Sets {@link SandboxSpec#sharing}.
     *
     * @param sharing how directories of the host reach its containers
     * @return this
     */
    public Builder sharing(DirectorySharing sharing) {
      this.sharing = sharing;
      return this;
    }

    /**
     * What was described.
     *
     * @return an immutable description
     */
    public SandboxSpec build() {
      return new SandboxSpec(
          name,
          vcpus,
          memory,
          image,
          hostname,
          startTimeout,
          annotations,
          networking,
          life,
          birth,
          sharing);
    }
  }
}
