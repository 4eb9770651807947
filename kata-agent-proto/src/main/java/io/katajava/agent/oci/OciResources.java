package io.katajava.agent.oci;

import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Limits of the container's cgroup. Maps to the protocol's {@code LinuxResources}, which is always
 * sent, because processes join no cgroup without it. For limits, a negative number means "no
 * limit".
 *
 * @param memory memory limits
 * @param cpu CPU limits
 * @param pids how many processes and threads
 * @param blockIo block device limits
 * @param devices which device nodes may be used, in order
 */
public record OciResources(
    Optional<Memory> memory,
    Optional<Cpu> cpu,
    OptionalLong pids,
    Optional<BlockIo> blockIo,
    List<DeviceRule> devices) {
  /** No limits. */
  public static final OciResources NONE =
      new OciResources(
          Optional.empty(), Optional.empty(), OptionalLong.empty(), Optional.empty(), List.of());

  /** Copies the rules. */
  public OciResources {
    devices = List.copyOf(devices);
  }

  /**
   * Memory limits in bytes. Maps to the protocol's {@code LinuxMemory}; 0 leaves a value as it is.
   *
   * @param limit all memory ({@code memory.max})
   * @param reservation what is protected ({@code memory.low})
   * @param swap memory and swap together, as the specification counts
   */
  public record Memory(long limit, long reservation, long swap) {}

  /**
   * CPU limits. Maps to the protocol's {@code LinuxCPU}; 0 or empty leaves a value as it is.
   *
   * @param shares relative weight, 2 to 262144
   * @param quotaMicros CPU time a period
   * @param periodMicros the period
   * @param cpus which CPUs, for example {@code 0-1}
   * @param mems which memory nodes
   */
  public record Cpu(long shares, long quotaMicros, long periodMicros, String cpus, String mems) {}

  /**
   * Block device limits. Maps to the protocol's {@code LinuxBlockIO}.
   *
   * @param weight relative weight, 10 to 1000; 0 for none
   * @param readBps bytes read a second
   * @param writeBps bytes written a second
   * @param readIops reads a second
   * @param writeIops writes a second
   */
  public record BlockIo(
      int weight,
      List<Throttle> readBps,
      List<Throttle> writeBps,
      List<Throttle> readIops,
      List<Throttle> writeIops) {

    /** Copies the lists. */
    public BlockIo {
      readBps = List.copyOf(readBps);
      writeBps = List.copyOf(writeBps);
      readIops = List.copyOf(readIops);
      writeIops = List.copyOf(writeIops);
    }
  }

  /**
   * A limit of one block device.
   *
   * @param major major number
   * @param minor minor number
   * @param rate how much a second
   */
  public record Throttle(long major, long minor, long rate) {}

  /**
   * Allows or denies device nodes. Maps to the protocol's {@code LinuxDeviceCgroup}.
   *
   * @param allow whether it allows
   * @param type {@code a} all, {@code b} block, {@code c} character
   * @param major major number; negative for all
   * @param minor minor number; negative for all
   * @param access letters of {@code rwm}
   */
  public record DeviceRule(boolean allow, char type, long major, long minor, String access) {}
}
