package io.katajava;

/**
 * The ways in which directories of the host reach the containers of a sandbox: {@link
 * Volume#hostDirectory}.
 *
 * <p>Sharing wants a machine whose memory another process can see, so such a sandbox is always
 * booted: it comes from no template, and can be neither forked nor saved. It also gives the guest a
 * process of the host to talk to.
 */
public enum DirectorySharing {
  /**
   * What is there is copied into the guest's memory, and what was written is copied back on close.
   * The guest sees no file system of the host.
   */
  COPY,

  /**
   * By virtio-fs where the host has a {@code virtiofsd} and lets it confine itself to a directory,
   * which a container of Docker's does not; otherwise as {@link #COPY}, which a warning of the log
   * tells once, with the reason.
   */
  VIRTIO_FS_OR_COPY,

  /**
   * By virtio-fs: changes are seen on both sides at once, deletions too, and nothing need fit into
   * memory. One {@code virtiofsd} serves each directory, confined to it, and one PCI Express port
   * is taken for each until the sandbox ends. Files belong to the users the guest says. A start
   * fails where the host has no {@code virtiofsd}, or does not let it confine itself.
   */
  VIRTIO_FS
}
