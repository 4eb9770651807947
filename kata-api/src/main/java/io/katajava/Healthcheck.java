package io.katajava;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A command that tells whether a container works: {@code Healthcheck} of Docker's image
 * configuration, {@code HEALTHCHECK} in a Dockerfile. Exit code 0 means healthy. It is run where
 * {@link io.katajava.wait.Wait#forHealthcheck()} asks for it, and not by itself.
 *
 * @param command program and arguments; empty in {@link #NONE}
 * @param interval how long Docker waits between two runs
 * @param timeout how long a run may take; longer is a failure
 * @param startPeriod how long failures do not count, from the start on
 * @param retries how many failures in a row make the container unhealthy
 */
public record Healthcheck(
    List<String> command, Duration interval, Duration timeout, Duration startPeriod, int retries) {

  /** Docker's interval unless an image says otherwise. */
  public static final Duration DEFAULT_INTERVAL = Duration.ofSeconds(30);

  /** Docker's timeout unless an image says otherwise. */
  public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(30);

  /** Docker's number of retries unless an image says otherwise. */
  public static final int DEFAULT_RETRIES = 3;

  /** No health check, also where the image has one: {@code ["NONE"]}. */
  public static final Healthcheck NONE =
      new Healthcheck(List.of(), DEFAULT_INTERVAL, DEFAULT_TIMEOUT, Duration.ZERO, DEFAULT_RETRIES);

  /**
   * Copies the command and checks the numbers.
   *
   * @throws IllegalArgumentException if interval or timeout are not positive, the start period is
   *     negative, or there is less than 1 retry
   */
  public Healthcheck {
    command = List.copyOf(command);
    Checks.positive("interval of a health check", interval);
    Checks.positive("timeout of a health check", timeout);
    if (startPeriod.isNegative()) {
      throw new IllegalArgumentException("the start period of a health check is " + startPeriod);
    }
    if (retries < 1) {
      throw new IllegalArgumentException("a health check has at least 1 retry, got " + retries);
    }
  }

  /**
   * A check by a program of the container, without a shell ({@code CMD}), with Docker's defaults.
   *
   * @param command program and arguments
   * @return a check
   * @throws IllegalArgumentException if it is empty or has a NUL character
   */
  public static Healthcheck command(String... command) {
    Checks.command(List.of(command));
    return new Healthcheck(
        List.of(command), DEFAULT_INTERVAL, DEFAULT_TIMEOUT, Duration.ZERO, DEFAULT_RETRIES);
  }

  /**
   * A check by the container's shell ({@code CMD-SHELL}), with Docker's defaults.
   *
   * @param script for {@code /bin/sh -c}
   * @return a check
   */
  public static Healthcheck shell(String script) {
    return command("/bin/sh", "-c", script);
  }

  /**
   * The same with another interval.
   *
   * @param other positive
   * @return a check
   */
  public Healthcheck withInterval(Duration other) {
    return new Healthcheck(command, other, timeout, startPeriod, retries);
  }

  /**
   * The same with another timeout.
   *
   * @param other positive
   * @return a check
   */
  public Healthcheck withTimeout(Duration other) {
    return new Healthcheck(command, interval, other, startPeriod, retries);
  }

  /**
   * The same with another start period.
   *
   * @param other not negative
   * @return a check
   */
  public Healthcheck withStartPeriod(Duration other) {
    return new Healthcheck(command, interval, timeout, other, retries);
  }

  /**
   * The same with another number of retries.
   *
   * @param other at least 1
   * @return a check
   */
  public Healthcheck withRetries(int other) {
    return new Healthcheck(command, interval, timeout, startPeriod, other);
  }

  /**
   * Whether there is nothing to run.
   *
   * @return true for {@link #NONE} and what is like it
   */
  public boolean isNone() {
    return command.isEmpty();
  }

  /** Arguments may be secrets: only the program is named. */
  @Override
  public String toString() {
    List<String> shown = new ArrayList<>();
    if (!isNone()) {
      shown.add(command.get(0));
    }
    return "Healthcheck" + shown;
  }
}
