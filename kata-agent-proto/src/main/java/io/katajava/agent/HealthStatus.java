package io.katajava.agent;

/** The health that an agent reports. */
public enum HealthStatus {
  /** The agent does not know, or said a word we do not know. */
  UNKNOWN,
  /** The agent takes calls. */
  SERVING,
  /** The agent takes no calls. */
  NOT_SERVING
}
