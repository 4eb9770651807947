package io.katajava;

import io.katajava.agent.oci.OciResources;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
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
   * @param value the number; 0 for nothing said, negative for no limit
   */
  public record Limit(long value) {
    /** Nothing said. */
    public static final Limit UNSET = new Limit(0);

    /** No limit. */
    public static final Limit UNLIMITED = new Limit(-1);

    /**
     * Tells whether something is said.
     *
     * @return false when the value is left as it is
     */
    public boolean isSet() {
      return value != 0;
    }
  }

  /**
   * Limits of one disk; 0 for none.
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
      long writeOperations) {}

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
      disks.removeIf(d -> d.major() == throttle.major() && d.minor() == throttle.minor());
      disks.add(throttle);
    }
    return new ContainerLimits(
        change.memory.isSet() ? change.memory : memory,
        change.memory.isSet() || change.swap.isSet() ? change.swap : swap,
        change.memoryReservation.or(() -> memoryReservation),
        change.cpus.or(() -> cpus),
        change.cpuShares.isPresent() ? change.cpuShares : cpuShares,
        change.cpuset.or(() -> cpuset),
        change.pids.isSet() ? change.pids : pids,
        change.ioWeight.isPresent() ? change.ioWeight : ioWeight,
        disks);
  }

  /**
   * The same in the agent protocol's terms.
   *
   * @return memory and swap counted together, quotas in microseconds
   */
  public OciResources toOci() {
    return new OciResources(
        memory.isSet() || swap.isSet() || memoryReservation.isPresent()
            ? Optional.of(
                new OciResources.Memory(
                    memory.value(),
                    memoryReservation.map(MemorySize::bytes).orElse(0L),
                    memoryAndSwap()))
            : Optional.empty(),
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
        ioWeight.isPresent() || !throttles.isEmpty() ? Optional.of(blockIo()) : Optional.empty(),
        List.of());
  }

  private long memoryAndSwap() {
    if (memory.value() < 0 || swap.value() < 0) {
      return -1;
    }
    return memory.value() + swap.value();
  }

  private OciResources.BlockIo blockIo() {
    return new OciResources.BlockIo(
        ioWeight.orElse(0),
        throttles(DiskThrottle::readBytes),
        throttles(DiskThrottle::writeBytes),
        throttles(DiskThrottle::readOperations),
        throttles(DiskThrottle::writeOperations));
  }

  private List<OciResources.Throttle> throttles(
      java.util.function.ToLongFunction<DiskThrottle> rate) {
    return throttles.stream()
        .filter(disk -> rate.applyAsLong(disk) != 0)
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
      this.memory = new Limit(limit.bytes());
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
     * Allows swap on top of limited memory.
     *
     * @param swap zero for none
     * @return this
     */
    public Builder swap(MemorySize swap) {
      this.swap = new Limit(swap.bytes());
      return this;
    }

    /**
     * Protects memory from reclaim.
     *
     * @param reservation how much
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
      this.pids = new Limit(limit);
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
     * Limits one disk.
     *
     * @param throttle the disk and its limits
     * @return this
     */
    public Builder throttle(DiskThrottle throttle) {
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
     * Makes the limits.
     *
     * @return immutable limits
     * @throws IllegalStateException if swap is allowed but memory is not limited
     */
    public ContainerLimits build() {
      if (swap.value() > 0 && memory.value() <= 0) {
        throw new IllegalStateException(
            "swap is " + MemorySize.bytes(swap.value()) + " but memory is not limited");
      }
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
