package io.katajava.qemu;

/** The accelerator, which runs the guest's instructions: QEMU's {@code -accel}. */
public enum Accelerator {
  /** KVM where it is usable, else TCG; {@code describe()} says which and why. */
  AUTO,
  /** The host's processor, through {@code /dev/kvm}. */
  KVM,
  /** Translation by QEMU: works everywhere, 5 to 20 times slower. */
  TCG
}
