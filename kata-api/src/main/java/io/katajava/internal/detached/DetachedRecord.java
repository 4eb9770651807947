package io.katajava.internal.detached;

import io.katajava.SandboxSpec;
import io.katajava.internal.container.ContainerRecord;
import io.katajava.internal.ledger.ProcessIdentity;
import io.katajava.spi.GuestAssets;
import io.katajava.spi.VmSizes;
import java.time.Instant;
import java.util.List;

/**
 * What another JVM has to know of a detached sandbox to attach to it.
 *
 * @param version of this format
 * @param identity what the agent proves the sandbox by
 * @param process the hypervisor's
 * @param started when it was started
 * @param spec what was asked for
 * @param sizes how large the machine is
 * @param guest what it booted
 * @param containers what is in it
 */
public record DetachedRecord(
    int version,
    String identity,
    ProcessIdentity process,
    Instant started,
    SandboxSpec spec,
    VmSizes sizes,
    GuestAssets guest,
    List<ContainerRecord> containers) {
  static final int VERSION = 1;

  public DetachedRecord {
    if (version != VERSION) {
      throw new IllegalArgumentException(
          "its version is " + version + ", and only version " + VERSION + " is known");
    }
    containers = List.copyOf(containers);
  }

  DetachedRecord with(List<ContainerRecord> others) {
    return new DetachedRecord(version, identity, process, started, spec, sizes, guest, others);
  }

  /** Neither the identity nor environments are shown. */
  @Override
  public String toString() {
    return "DetachedRecord[process " + process.pid() + ", " + containers.size() + " containers]";
  }
}
