package io.katajava.spi;

import io.katajava.HostFact;
import io.katajava.HostFinding;
import java.util.List;

/**
 * A module's part of the host check and of the environment report. Found with {@link
 * java.util.ServiceLoader}, or given to {@link io.katajava.HostCheckOptions.Builder#probe}, where
 * it takes the place of the one with the same name.
 *
 * <p>A probe changes nothing on the host but its module's own cache, is bounded in time, and uses
 * the network only when {@link HostView#network()} says so. What it throws is reported as a check
 * that could not be made.
 */
public interface HostProbe {

  /**
   * What it looks at, for example {@code qemu}; the group of its findings.
   *
   * @return a short lower-case name
   */
  String name();

  /**
   * Looks.
   *
   * @param host the host
   * @return what was found, in the order in which people should read it
   * @throws InterruptedException when the calling thread is interrupted
   */
  List<HostFinding> check(HostView host) throws InterruptedException;

  /**
   * Tells what a sandbox would use here.
   *
   * @param host the host
   * @return facts for the environment report
   * @throws InterruptedException when the calling thread is interrupted
   */
  List<HostFact> facts(HostView host) throws InterruptedException;
}
