package io.katajava.agent;

import com.google.protobuf.UnsafeByteOperations;
import io.katajava.agent.internal.wire.CopyFileRequest;
import io.katajava.agent.internal.wire.RemoveStaleVirtiofsShareMountsRequest;
import io.katajava.agent.internal.wire.ResizeVolumeRequest;
import io.katajava.agent.internal.wire.UpdateEphemeralMountsRequest;
import io.katajava.agent.internal.wire.VolumeStatsRequest;
import io.katajava.agent.internal.wire.VolumeStatsResponse;
import io.katajava.agent.internal.wire.VolumeUsage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** The calls about files, mounts and volumes of the guest. Reached by {@link AgentClient#files}. */
public final class AgentFiles {

  /** Bytes per call when a whole file is copied, as in upstream's runtimes. */
  static final int CHUNK = 1024 * 1024;

  private final AgentCalls calls;
  private final Duration deadline;

  AgentFiles(AgentCalls calls, Duration deadline) {
    this.calls = calls;
    this.deadline = deadline;
  }

  /**
   * Puts a part of a file, a directory or a symbolic link into the guest ({@code CopyFile}). Needs
   * a sandbox. Trap: upstream's agent collects chunks in the path with its extension replaced by
   * {@code .tmp}, so files that differ only there must not be copied at the same time.
   *
   * @param chunk what and where
   */
  public void copy(FileChunk chunk) {
    calls.run(
        "CopyFile",
        chunk.path(),
        CopyFileRequest.newBuilder()
            .setPath(chunk.path())
            .setFileSize(chunk.fileSize())
            .setFileMode(chunk.fileMode())
            .setDirMode(chunk.directoryMode())
            .setUid(chunk.uid())
            .setGid(chunk.gid())
            .setOffset(chunk.offset())
            .setData(UnsafeByteOperations.unsafeWrap(chunk.data().slice()))
            .build(),
        deadline);
  }

  /**
   * Puts a whole file into the guest, in chunks of 1 MiB; each has the deadline for itself.
   *
   * @param source regular file on the host
   * @param path below {@code /run/kata-containers/shared/containers/}
   * @param permissions of the file, such as 0644
   * @throws IOException if the source cannot be read or shrinks meanwhile
   */
  public void copy(Path source, String path, int permissions) throws IOException {
    try (FileChannel file = FileChannel.open(source, StandardOpenOption.READ)) {
      long size = file.size();
      ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(CHUNK, Math.max(1, size)));
      long offset = 0;
      do {
        buffer.clear().limit((int) Math.min(buffer.capacity(), size - offset));
        while (buffer.hasRemaining()) {
          if (file.read(buffer, offset + buffer.position()) < 0) {
            throw new IOException(source + " became shorter while it was copied");
          }
        }
        int length = buffer.flip().remaining();
        int mode = FileChunk.REGULAR | permissions;
        copy(new FileChunk(path, size, mode, 0755, 0, 0, offset, buffer));
        offset += length;
      } while (offset < size);
    }
  }

  /**
   * Mounts ephemeral storages anew with other options ({@code UpdateEphemeralMounts}).
   *
   * @param storages with driver {@code ephemeral}
   */
  public void updateEphemeralMounts(List<AgentStorage> storages) {
    calls.run(
        "UpdateEphemeralMounts",
        "",
        UpdateEphemeralMountsRequest.newBuilder()
            .addAllStorages(storages.stream().map(RequestWire::storage).toList())
            .build(),
        deadline);
  }

  /** Cleans up below the shared directory ({@code RemoveStaleVirtiofsShareMounts}). */
  public void removeStaleShareMounts() {
    calls.run(
        "RemoveStaleVirtiofsShareMounts",
        "",
        RemoveStaleVirtiofsShareMountsRequest.getDefaultInstance(),
        deadline);
  }

  /**
   * Asks how full a volume is ({@code GetVolumeStats}).
   *
   * @param path where it is mounted in the guest
   * @return bytes and inodes
   */
  public VolumeStats volumeStats(String path) {
    VolumeStatsRequest request = VolumeStatsRequest.newBuilder().setVolumeGuestPath(path).build();
    VolumeStatsResponse reply =
        calls.call("GetVolumeStats", path, request, VolumeStatsResponse.parser(), deadline);
    return new VolumeStats(
        usage(reply, VolumeUsage.Unit.BYTES),
        usage(reply, VolumeUsage.Unit.INODES),
        reply.getVolumeCondition().getAbnormal(),
        reply.getVolumeCondition().getMessage());
  }

  private static Optional<VolumeStats.Usage> usage(
      VolumeStatsResponse reply, VolumeUsage.Unit unit) {
    return reply.getUsageList().stream()
        .filter(usage -> usage.getUnit() == unit)
        .map(
            usage -> new VolumeStats.Usage(usage.getAvailable(), usage.getTotal(), usage.getUsed()))
        .findFirst();
  }

  /**
   * Resizes a volume ({@code ResizeVolume}). Upstream's agent answers UNIMPLEMENTED.
   *
   * @param path where it is mounted in the guest
   * @param bytes its new size
   */
  public void resizeVolume(String path, long bytes) {
    calls.run(
        "ResizeVolume",
        path,
        ResizeVolumeRequest.newBuilder().setVolumeGuestPath(path).setSize(bytes).build(),
        deadline);
  }
}
