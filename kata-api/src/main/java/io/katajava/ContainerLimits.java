package io.katajava;

import io.katajava.agent.oci.OciResources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Limits of a container's cgroup (version 2). What is absent is not limited by a new container, and
 * left as it is by {@link Container#update}. A container's builder begins with {@link
 * #DEFAULT_PIDS} processes. All containers of a guest with our agent together have in any case a
 * little less memory and fewer processes than the guest: the rest is kept for the agent.
 *
 * @param memory all memory of the container ({@code memory.max})
 * @param swap swap on top of it ({@code memory.swap.max}); none by default when memory is limited
 * @param memoryReservation memory protected from reclaim ({@code memory.low})
 * @param cpus how many CPUs' time it may use ({@code cpu.max}, with a period of 100 ms)
 * @param cpuShares relative weight, 2 to 262144 ({@code cpu.weight}); 1024 is usual
 * @param cpuset which CPUs, for example {@code 0-1,3} ({@code cpuset.cpus})
 * @param pids how many processes and threads ({@code pids.max})
 * @param ioWeight relative weight of disk input and output, 10 to 1000 ({@code io.weight})
 * @param throttles limits of single disks ({@code io.max})
 */
public record ContainerLimits(
    Limit memory,
    Limit swap,
    Optional<MemorySize> memoryReservation,
    Optional<Double> cpus,
    OptionalInt cpuShares,
    Optional<String> cpuset,
    Limit pids,
    OptionalInt ioWeight,
    List<DiskThrottle> throttles) {

  /**
   * How many processes and threads a new container may have unless its builder says otherwise: many
   * more than a service has, and too few for a fork bomb to leave no processor time to others.
   */
  public static final long DEFAULT_PIDS = 4096;

  /** No limits: what is there is left as it is. */
  public static final ContainerLimits NONE = builder().build();

  private static final int CPU_PERIOD_MICROS =
      Math.toIntExact(Duration.ofMillis(100).toNanos() / 1000);

  /** Copies the list. */
  public ContainerLimits {
    throttles = List.copyOf(throttles);
  }

  /**
   * A number, no limit, or nothing said.
   *
   * @param value the number; -1 for no limit
   * @param isSet false when nothing is said, and a value that is there is left as it is
   */
  public record Limit(long value, boolean isSet) {
    /** Nothing said. */
    public static final Limit UNSET = new Limit(0, false);

    /** No limit. */
    public static final Limit UNLIMITED = new Limit(-1, true);

    /**
     * Checks the number.
     *
     * @throws IllegalArgumentException if it is negative and not -1, or there is one and nothing is
     *     said
     */
    public Limit {
      if (value < -1 || (value != 0 && !isSet)) {
        throw new IllegalArgumentException("a limit is a number or -1 for none, got " + value);
      }
    }

    /**
     * A limit.
     *
     * @param value the number; -1 for no limit
     * @return the limit
     */
    public static Limit of(long value) {
      return new Limit(value, true);
    }
  }

  /**
   * Limits of one disk; 0 for none, which takes one away that was there.
   *
   * @param major the device's major number
   * @param minor its minor number
   * @param readBytes bytes read a second
   * @param writeBytes bytes written a second
   * @param readOperations reads a second
   * @param writeOperations writes a second
   */
  public record DiskThrottle(
      long major,
      long minor,
      long readBytes,
      long writeBytes,
      long readOperations,
      long writeOperations) {

    /**
     * Checks the limits.
     *
     * @throws IllegalArgumentException if one is negative
     */
    public DiskThrottle {
      if (readBytes < 0 || writeBytes < 0 || readOperations < 0 || writeOperations < 0) {
        throw new IllegalArgumentException(
            "limits of disk " + major + ":" + minor + " are numbers, 0 for none");
      }
    }

    private boolean isOf(DiskThrottle other) {
      return major == other.major && minor == other.minor;
    }

    /** Both; where both say something, the other one. */
    private DiskThrottle and(DiskThrottle other) {
      return new DiskThrottle(
          major,
          minor,
          other.readBytes == 0 ? readBytes : other.readBytes,
          other.writeBytes == 0 ? writeBytes : other.writeBytes,
          other.readOperations == 0 ? readOperations : other.readOperations,
          other.writeOperations == 0 ? writeOperations : other.writeOperations);
    }
  }

  /**
   * Begins limits.
   *
   * @return a builder without any limit
   */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * A builder with these values.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    Builder builder = new Builder();
    builder.memory = memory;
    builder.swap = swap;
    builder.memoryReservation = memoryReservation.orElse(null);
    builder.cpus = cpus.orElse(null);
    builder.cpuShares = cpuShares;
    builder.cpuset = cpuset.orElse(null);
    builder.pids = pids;
    builder.ioWeight = ioWeight;
    builder.throttles.addAll(throttles);
    return builder;
  }

  /**
   * These limits after a change.
   *
   * @param change what changes; what is absent in it stays
   * @return the limits then in force
   */
  public ContainerLimits changedBy(ContainerLimits change) {
    List<DiskThrottle> disks = new ArrayList<>(throttles);
    for (DiskThrottle throttle : change.throttles) {
      disks.removeIf(throttle::isOf);
      disks.add(throttle);
    }
    return new ContainerLimits(
        change.memory.isSet() ? change.memory : memory,
        swapAfter(change),
        change.memoryReservation.or(() -> memoryReservation),
        change.cpus.or(() -> cpus),
        change.cpuShares.isPresent() ? change.cpuShares : cpuShares,
        change.cpuset.or(() -> cpuset),
        change.pids.isSet() ? change.pids : pids,
        change.ioWeight.isPresent() ? change.ioWeight : ioWeight,
        disks);
  }

  /**
   * A change of the memory alone leaves the swap as it is, also where nothing was said about it.
   */
  private Limit swapAfter(ContainerLimits change) {
    if (change.swap.isSet()) {
      return change.swap;
    } else if (swap.isSet() || !change.memory.isSet()) {
      return swap;
    }
    return memory.value() > 0 ? Limit.of(0) : Limit.UNLIMITED;
  }

  /**
   * Checks limits that a container has, as opposed to a change of them.
   *
   * @return these
   * @throws IllegalStateException if swap is limited and memory is not: the protocol counts both
   *     together
   */
  public ContainerLimits requireWhole() {
    if (swap.isSet() && swap.value() >= 0 && memory.value() <= 0) {
      throw new IllegalStateException(
          "swap is limited to " + MemorySize.bytes(swap.value()) + " but memory is not limited");
    }
    if (swap.value() > Long.MAX_VALUE - Math.max(0, memory.value())) {
      throw new IllegalStateException(
          "the sum of memory and swap is larger than 2^63 - 1: "
              + memory.value()
              + " and "
              + swap.value());
    }
    return this;
  }

  /**
   * The limits of a new container in the agent protocol's terms.
   *
   * @return memory and swap counted together, quotas in microseconds
   */
  public OciResources toOci() {
    return toOci(
        memory.isSet() || swap.isSet() || memoryReservation.isPresent()
            ? Optional.of(memoryOf(this))
            : Optional.empty(),
        List.of());
  }

  /**
   * This change of a container's limits in the agent protocol's terms. What is not changed is not
   * sent; but memory and swap are counted together there, so that one brings the other along.
   *
   * @param before the limits that the container has
   * @return what is sent
   * @throws IllegalStateException if swap would be limited and memory not
   */
  public OciResources toOciAfter(ContainerLimits before) {
    ContainerLimits after = before.changedBy(this).requireWhole();
    Optional<OciResources.Memory> sent =
        memory.isSet() || swap.isSet()
            ? Optional.of(memoryOf(after))
            : memoryReservation.map(size -> new OciResources.Memory(0, reservation(), 0));
    return toOci(sent, before.throttles);
  }

  private OciResources.Memory memoryOf(ContainerLimits whole) {
    return new OciResources.Memory(whole.memory.value(), reservation(), whole.memoryAndSwap());
  }

  /** Zero is nothing said to the protocol, and none is -1. */
  private long reservation() {
    return memoryReservation.map(size -> size.bytes() == 0 ? -1 : size.bytes()).orElse(0L);
  }

  private OciResources toOci(Optional<OciResources.Memory> memory, List<DiskThrottle> before) {
    return new OciResources(
        memory,
        cpus.isPresent() || cpuShares.isPresent() || cpuset.isPresent()
            ? Optional.of(
                new OciResources.Cpu(
                    cpuShares.orElse(0),
                    cpus.map(n -> n < 0 ? -1L : Math.round(n * CPU_PERIOD_MICROS)).orElse(0L),
                    cpus.isPresent() ? CPU_PERIOD_MICROS : 0,
                    cpuset.orElse(""),
                    ""))
            : Optional.empty(),
        pids.isSet() ? OptionalLong.of(pids.value()) : OptionalLong.empty(),
        ioWeight.isPresent() || !throttles.isEmpty()
            ? Optional.of(blockIo(before))
            : Optional.empty(),
        List.of());
  }

  private long memoryAndSwap() {
    if (memory.value() < 0 || swap.value() < 0) {
      return -1;
    }
    return memory.value() + swap.value();
  }

  private OciResources.BlockIo blockIo(List<DiskThrottle> before) {
    return new OciResources.BlockIo(
        ioWeight.orElse(0),
        throttles(before, DiskThrottle::readBytes),
        throttles(before, DiskThrottle::writeBytes),
        throttles(before, DiskThrottle::readOperations),
        throttles(before, DiskThrottle::writeOperations));
  }

  /** A limit that is none is sent only in the place of one. */
  private List<OciResources.Throttle> throttles(
      List<DiskThrottle> before, ToLongFunction<DiskThrottle> rate) {
    return throttles.stream()
        .filter(
            disk ->
                rate.applyAsLong(disk) != 0
                    || before.stream().anyMatch(o -> o.isOf(disk) && rate.applyAsLong(o) != 0))
        .map(disk -> new OciResources.Throttle(disk.major(), disk.minor(), rate.applyAsLong(disk)))
        .toList();
  }

  /** Describes limits. Not safe for several threads. */
  public static final class Builder {
    private Limit memory = Limit.UNSET;
    private Limit swap = Limit.UNSET;
    private @Nullable MemorySize memoryReservation;
    private @Nullable Double cpus;
    private OptionalInt cpuShares = OptionalInt.empty();
    private @Nullable String cpuset;
    private Limit pids = Limit.UNSET;
    private OptionalInt ioWeight = OptionalInt.empty();
    private final List<DiskThrottle> throttles = new ArrayList<>();

    private Builder() {}

    /**
     * Limits the memory.
     *
     * @param limit not zero
     * @return this
     * @throws IllegalArgumentException if it is zero
     */
    public Builder memory(MemorySize limit) {
      if (limit.bytes() == 0) {
        throw new IllegalArgumentException("a container needs memory, the limit given is zero");
      }
      this.memory = Limit.of(limit.bytes());
      return this;
    }

    /**
     * Takes limits of memory and swap away.
     *
     * @return this
     */
    public Builder unlimitedMemory() {
      this.memory = Limit.UNLIMITED;
      this.swap = Limit.UNLIMITED;
      return this;
    }

    /**
     * Allows swap on top of limited memory. A change of it alone leaves the memory as it is.
     *
     * @param swap zero for none
     * @return this
     */
    public Builder swap(MemorySize swap) {
      this.swap = Limit.of(swap.bytes());
      return this;
    }

    /**
     * Protects memory from reclaim.
     *
     * @param reservation how much; zero for none any more
     * @return this
     */
    public Builder memoryReservation(MemorySize reservation) {
      this.memoryReservation = reservation;
      return this;
    }

    /**
     * Limits the CPU time.
     *
     * @param cpus how many CPUs' time, for example 0.5
     * @return this
     * @throws IllegalArgumentException unless it is between 0.01 and 1024
     */
    public Builder cpus(double cpus) {
      if (!(cpus >= 0.01) || cpus > 1024) {
        throw new IllegalArgumentException("cpus is between 0.01 and 1024, got " + cpus);
      }
      this.cpus = cpus;
      return this;
    }

    /**
     * Takes the limit of CPU time away.
     *
     * @return this
     */
    public Builder unlimitedCpus() {
      this.cpus = -1.0;
      return this;
    }

    /**
     * Sets the relative weight of CPU time.
     *
     * @param shares 2 to 262144
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder cpuShares(int shares) {
      this.cpuShares = OptionalInt.of(within("cpuShares", shares, 2, 262144));
      return this;
    }

    /**
     * Binds the container to CPUs.
     *
     * @param cpus for example {@code 0-1,3}
     * @return this
     * @throws IllegalArgumentException if it is no list of CPUs
     */
    public Builder cpuset(String cpus) {
      if (!cpus.matches("\\d+(-\\d+)?(,\\d+(-\\d+)?)*")) {
        throw new IllegalArgumentException("'" + cpus + "' is no list of CPUs such as 0-1,3");
      }
      this.cpuset = cpus;
      return this;
    }

    /**
     * Limits the number of processes and threads.
     *
     * @param limit at least 1
     * @return this
     * @throws IllegalArgumentException if it is less
     */
    public Builder pids(long limit) {
      if (limit < 1) {
        throw new IllegalArgumentException("a container has at least 1 process, limit " + limit);
      }
      this.pids = Limit.of(limit);
      return this;
    }

    /**
     * Takes the limit of processes away.
     *
     * @return this
     */
    public Builder unlimitedPids() {
      this.pids = Limit.UNLIMITED;
      return this;
    }

    /**
     * Sets the relative weight of disk input and output; needs an I/O scheduler that knows weights.
     *
     * @param weight 10 to 1000
     * @return this
     * @throws IllegalArgumentException if it is out of range
     */
    public Builder ioWeight(int weight) {
      this.ioWeight = OptionalInt.of(within("ioWeight", weight, 10, 1000));
      return this;
    }

    /**
     * Limits one disk. Said again of the same one, limits are added to those that were said.
     *
     * @param throttle the disk and its limits
     * @return this
     */
    public Builder throttle(DiskThrottle throttle) {
      for (int i = 0; i < throttles.size(); i++) {
        if (throttles.get(i).isOf(throttle)) {
          throttles.set(i, throttles.get(i).and(throttle));
          return this;
        }
      }
      this.throttles.add(throttle);
      return this;
    }

    private static int within(String what, int value, int least, int most) {
      if (value < least || value > most) {
        throw new IllegalArgumentException(
            what + " is between " + least + " and " + most + ", got " + value);
      }
      return value;
    }

    /**
     * Makes the limits. Whether they are those of a container or a change of some is not known
     * here; see {@link ContainerLimits#requireWhole}.
     *
     * @return immutable limits
     */
    public ContainerLimits build() {
      return new ContainerLimits(
          memory,
          swap,
          Optional.ofNullable(memoryReservation),
          Optional.ofNullable(cpus),
          cpuShares,
          Optional.ofNullable(cpuset),
          pids,
          ioWeight,
          throttles);
    }
  }
}
