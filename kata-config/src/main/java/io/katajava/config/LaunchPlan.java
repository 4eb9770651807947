package io.katajava.config;

import io.katajava.Choice;
import io.katajava.ErrorCode;
import io.katajava.Kata;
import io.katajava.KataException;
import io.katajava.config.internal.ConfiguredGuest;
import io.katajava.config.internal.HostSize;
import io.katajava.config.internal.QemuMapping;
import io.katajava.qemu.QemuConfig;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.VmSpec;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The plan of what a configuration starts on this host, and which settings do not count. Immutable.
 */
public final class LaunchPlan {
  private final KataConfiguration configuration;
  private final @Nullable QemuConfig qemu;
  private final @Nullable ConfiguredGuest guest;
  private final List<String> obstacles;
  private final List<Choice> choices;

  private LaunchPlan(
      KataConfiguration configuration,
      @Nullable QemuConfig qemu,
      @Nullable ConfiguredGuest guest,
      List<String> obstacles,
      List<Choice> choices) {
    this.configuration = configuration;
    this.qemu = qemu;
    this.guest = guest;
    this.obstacles = List.copyOf(obstacles);
    this.choices = List.copyOf(choices);
  }

  static LaunchPlan of(KataConfiguration configuration) {
    return of(configuration, HostSize.current());
  }

  static LaunchPlan of(KataConfiguration configuration, HostSize host) {
    QemuMapping mapping = new QemuMapping(configuration.values(), host);
    QemuConfig qemu = mapping.map();
    return new LaunchPlan(
        configuration, qemu, mapping.guest(), mapping.obstacles(), mapping.choices());
  }

  /**
   * Why nothing would be started: what the configuration asks for and this library or this host
   * does not do, where leaving it out would be another machine than the one that was asked for.
   *
   * @return the reasons, a clause each; none when it would be started
   */
  public List<String> obstacles() {
    return obstacles;
  }

  /**
   * QEMU as the configuration describes it.
   *
   * @return the hypervisor's configuration
   * @throws KataException with {@link ErrorCode#INVALID_CONFIGURATION} if there are obstacles
   */
  public QemuConfig qemu() {
    if (qemu == null || !obstacles.isEmpty()) {
      throw new KataException(
          ErrorCode.INVALID_CONFIGURATION,
          "this configuration would not be started: " + String.join("; ", obstacles));
    }
    return qemu;
  }

  /**
   * Hands hypervisor and guest to a runtime to be. {@link Kata#fromConfiguration} does this for a
   * file; here the configuration may have been read with annotations, or changed.
   *
   * @param builder the runtime's settings
   * @return the same builder
   * @throws KataException with {@link ErrorCode#INVALID_CONFIGURATION} if there are obstacles
   */
  public Kata.Builder applyTo(Kata.Builder builder) {
    builder.hypervisor(qemu());
    guest().ifPresent(builder::guest);
    return builder;
  }

  /**
   * The guest that the configuration names.
   *
   * @return a provider of its kernel and root filesystem; empty when it names none, and the one on
   *     the class path counts
   */
  public Optional<GuestProvider> guest() {
    return Optional.ofNullable(guest);
  }

  /**
   * The gate of the extra monitor.
   *
   * @return whether it is open, and why
   */
  public MonitorGate gate() {
    return configuration.monitorGate();
  }

  /**
   * What was made of values that depend on the host or on each other.
   *
   * @return the choices and their reasons
   */
  public List<Choice> choices() {
    return choices;
  }

  /**
   * Values that were set to something else than their default and do not count here. {@link
   * ConfigurationKey#how()} of their keys says why.
   *
   * @return the settings, in the order of the reference
   */
  public List<Setting> ignored() {
    List<Setting> ignored = new ArrayList<>();
    for (Setting setting : configuration.settings()) {
      boolean elsewhere =
          setting.table().startsWith("hypervisor.")
              && !TablePath.owner(setting.table()).equals(configuration.hypervisor().table());
      if (!elsewhere && !setting.key().actedOn() && !setting.isDefault()) {
        ignored.add(setting);
      }
    }
    return ignored;
  }

  /**
   * What a sandbox would boot.
   *
   * @return kernel, root filesystem and parameters; placeholders when the guest comes from the
   *     class path
   */
  public GuestAssets guestAssets() {
    return guest != null
        ? guest.assets()
        : GuestAssets.of(Path.of("GUEST/kernel"), Path.of("GUEST/initrd"), "from the class path");
  }

  /**
   * The command line a sandbox would get, one option a line. {@code GUEST/kernel} and {@code
   * GUEST/initrd} stand for those of the class path's guest.
   *
   * @param stateDirectory where its sockets would be
   * @return lines that a POSIX shell accepts
   * @throws KataException if there are obstacles, or no QEMU is found
   */
  public String explain(Path stateDirectory) {
    QemuConfig config = qemu();
    return config.explain(new VmSpec("example", config.sizes(), guestAssets()), stateDirectory);
  }
}
