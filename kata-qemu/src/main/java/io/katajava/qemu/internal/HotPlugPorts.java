package io.katajava.qemu.internal;

/** Names of the empty PCI Express ports. */
final class HotPlugPorts {
  private HotPlugPorts() {}

  static String name(int index) {
    return "port" + index;
  }
}
