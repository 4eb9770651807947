package io.katajava.agent;

import java.util.Optional;

/**
 * The use of a volume: how full it is.
 *
 * @param bytes its space, if the agent told
 * @param inodes its files, if the agent told
 * @param abnormal whether something is wrong with it
 * @param message what
 */
public record VolumeStats(
    Optional<Usage> bytes, Optional<Usage> inodes, boolean abnormal, String message) {

  /**
   * Numbers of one unit, unsigned.
   *
   * @param available what is left for users
   * @param total what there is
   * @param used what is taken
   */
  public record Usage(long available, long total, long used) {}
}
