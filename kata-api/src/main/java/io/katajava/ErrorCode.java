package io.katajava;

/** Stable names of failures, for programs that react to them. */
public enum ErrorCode {
  /** A combination of settings cannot work. */
  INVALID_CONFIGURATION,
  /** No hypervisor, guest or root filesystem provider is on the class path. */
  PROVIDER_MISSING,
  /** The host cannot do what is asked (permissions, paths, limits). */
  HOST_UNSUITABLE,
  /** The hypervisor's binary is missing, not executable or too old. */
  HYPERVISOR_NOT_FOUND,
  /** No usable guest kernel was found. */
  KERNEL_NOT_FOUND,
  /** The initrd or another part of the guest could not be built. */
  GUEST_BUILD_FAILED,
  /** The hypervisor's process could not be started or ended at once. */
  VM_START_FAILED,
  /** The hypervisor's process ended while it was needed. */
  VM_EXITED,
  /** The hypervisor did not answer on its control connection. */
  VM_UNRESPONSIVE,
  /** The hypervisor, or its guest, refused what was asked of the machine. */
  VM_REFUSED,
  /** The guest's kernel panicked. */
  GUEST_PANIC,
  /** The guest agent did not answer in time. */
  AGENT_TIMEOUT,
  /** The connection to the guest agent broke. */
  AGENT_LOST,
  /** The guest agent refused a request. */
  AGENT_REFUSED,
  /** A root filesystem reference is unknown or cannot be prepared. */
  ROOTFS_UNAVAILABLE,
  /** A port, interface or namespace of the host cannot be had for the sandbox's network. */
  NETWORK_UNAVAILABLE,
  /** The registry or archive has no such image, or none for the platform. */
  IMAGE_NOT_FOUND,
  /** A registry could not be reached, refused, or sent something else than it should. */
  IMAGE_PULL_FAILED,
  /** An image is malformed or goes beyond the limits. */
  IMAGE_REFUSED,
  /** The store's quota, or its file system, leaves no room for an image. */
  IMAGE_STORE_FULL,
  /** A command could not be started. */
  COMMAND_NOT_STARTED,
  /** A command ended with a non-zero exit code, by a signal or by its timeout. */
  COMMAND_FAILED,
  /** A container's first process has ended while it was waited for. */
  CONTAINER_ENDED,
  /** A container runs, but its health check has failed too often. */
  CONTAINER_UNHEALTHY,
  /** A command wrote more than the stated limit. */
  OUTPUT_LIMIT,
  /** Files could not be copied. */
  COPY_FAILED,
  /** The time given was not enough. */
  TIMEOUT,
  /** The calling thread was interrupted. */
  INTERRUPTED,
  /** What is asked for does not go with the state of the container. */
  INVALID_STATE,
  /** There is no such sandbox, or not any more. */
  SANDBOX_NOT_FOUND,
  /** Another JVM, or another handle of this one, is attached to the sandbox. */
  ALREADY_ATTACHED,
  /** A snapshot is damaged, or of another kind of host. */
  SNAPSHOT_UNUSABLE,
  /** A pool had no idle sandbox, and its policy is not to wait for one. */
  POOL_EMPTY,
  /** The handle was closed before. */
  CLOSED
}
