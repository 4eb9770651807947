package io.katajava;

/** A version of the internet protocol; each has its own packet filter. */
public enum IpFamily {
  /** Version 4. */
  IPV4,
  /** Version 6. */
  IPV6
}
