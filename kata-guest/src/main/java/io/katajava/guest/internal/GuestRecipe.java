package io.katajava.guest.internal;

import io.katajava.guest.InitrdCompression;
import io.katajava.guest.KernelSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Everything that was chosen for a guest.
 *
 * @param architecture the guest's
 * @param sources where to look for a kernel, in order
 * @param agent the agent, or empty for the one in the jar
 * @param busybox the busybox, or empty to look for one
 * @param withBusybox whether there is a busybox root filesystem
 * @param modules wanted besides the default ones
 * @param files put in besides
 * @param compression of the initrd
 * @param unpackKernel whether to boot an unpacked vmlinux
 * @param refresh whether to ask apt again
 * @param verify whether to read cached files in full
 */
public record GuestRecipe(
    String architecture,
    List<KernelSource> sources,
    Optional<Path> agent,
    Optional<Path> busybox,
    boolean withBusybox,
    List<String> modules,
    List<ExtraFile> files,
    InitrdCompression compression,
    boolean unpackKernel,
    boolean refresh,
    boolean verify) {

  /**
   * A file for the initrd.
   *
   * @param guestPath absolute path in the guest
   * @param source the file on the host
   * @param permissions mode bits
   */
  public record ExtraFile(String guestPath, Path source, int permissions) {
    /** Checks path and mode. */
    public ExtraFile {
      Objects.requireNonNull(source, "source");
      Path path = Path.of(guestPath);
      if (!path.isAbsolute() || !path.equals(path.normalize()) || path.getNameCount() == 0) {
        throw new IllegalArgumentException(
            "'" + guestPath + "' is not an absolute guest path without '..'");
      }
      if ((permissions & ~07777) != 0) {
        throw new IllegalArgumentException(
            "permissions are " + Integer.toOctalString(permissions) + ", more than 7777");
      }
    }

    String archivePath() {
      return Path.of(guestPath).toString().substring(1);
    }
  }

  /** A recipe in the making. */
  public static final class Draft {
    /** See {@link GuestRecipe#architecture()}. */
    public String architecture = Host.currentArchitecture();

    /** See {@link GuestRecipe#sources()}. */
    public List<KernelSource> sources = KernelSource.defaults();

    /** See {@link GuestRecipe#agent()}. */
    public @Nullable Path agent;

    /** See {@link GuestRecipe#busybox()}. */
    public @Nullable Path busybox;

    /** See {@link GuestRecipe#withBusybox()}. */
    public boolean withBusybox = true;

    /** See {@link GuestRecipe#modules()}. */
    public final Set<String> modules = new TreeSet<>();

    /** See {@link GuestRecipe#files()}. */
    public final List<ExtraFile> files = new ArrayList<>();

    /** See {@link GuestRecipe#compression()}. */
    public InitrdCompression compression = InitrdCompression.NONE;

    /** See {@link GuestRecipe#unpackKernel()}. */
    public boolean unpackKernel = true;

    /** See {@link GuestRecipe#refresh()}. */
    public boolean refresh;

    /** See {@link GuestRecipe#verify()}. */
    public boolean verify;

    /** Makes an empty draft. */
    public Draft() {}

    /**
     * Fixes what was chosen.
     *
     * @return the recipe
     */
    public GuestRecipe recipe() {
      return new GuestRecipe(
          architecture,
          sources,
          Optional.ofNullable(agent),
          Optional.ofNullable(busybox),
          withBusybox,
          List.copyOf(modules),
          List.copyOf(files),
          compression,
          unpackKernel,
          refresh,
          verify);
    }
  }
}
