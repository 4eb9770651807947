package io.katajava.qemu.internal;

import io.katajava.ErrorCode;
import io.katajava.spi.StartContext;
import io.katajava.spi.VmEvidence;
import io.katajava.spi.VmSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What QEMU is executed by, in its sandbox's network and as its user. The kernel ends QEMU when
 * this JVM ends; see {@link Spawner} for the thread it is tied to. One that shall go on gets a
 * session of its own, so that no terminal ends it either.
 *
 * @param spec what is launched
 * @param context of the start
 * @param runAs who QEMU runs as
 * @param kvm whether it opens {@code /dev/kvm}
 * @param opensMemory whether it opens the memory of a template
 */
record ProcessTie(
    VmSpec spec, StartContext context, RunAs runAs, boolean kvm, boolean opensMemory) {
  /** What comes before the command of QEMU. */
  List<String> arguments() {
    List<String> tie = new ArrayList<>();
    spec.network()
        .namespace()
        .ifPresent(namespace -> tie.addAll(List.of("nsenter", "--net=" + namespace, "--")));
    if (spec.detached() && runAs.uid() == null) {
      tie.addAll(List.of(session().toString(), "--"));
      return tie;
    }
    Optional<Path> setpriv = QemuBinary.program("setpriv");
    if (setpriv.isEmpty()) {
      throw context.failure(
          ErrorCode.HOST_UNSUITABLE,
          "setpriv, which ties QEMU to this JVM, is not on the PATH",
          "Install util-linux",
          VmEvidence.none(),
          null);
    }
    if (spec.detached()) {
      tie.addAll(List.of(session().toString(), "--", setpriv.get().toString()));
    } else {
      tie.addAll(List.of(setpriv.get().toString(), "--pdeathsig", "KILL"));
    }
    if (runAs.uid() != null) {
      tie.addAll(List.of("--reuid", runAs.uid().toString(), "--regid", runAs.uid().toString()));
      List<String> groups = groups();
      tie.addAll(
          groups.isEmpty()
              ? List.of("--clear-groups")
              : List.of("--groups", String.join(",", groups)));
    }
    tie.add("--");
    return tie;
  }

  private Path session() {
    return QemuBinary.program("setsid")
        .orElseThrow(
            () ->
                context.failure(
                    ErrorCode.HOST_UNSUITABLE,
                    "setsid, which lets QEMU go on without this JVM, is not on the PATH",
                    "Install util-linux",
                    VmEvidence.none(),
                    null));
  }

  private List<String> groups() {
    List<String> groups = new ArrayList<>();
    if (kvm) {
      groups.add(groupOf("/dev/kvm"));
    }
    if (opensMemory) {
      groups.add(String.valueOf(SharedMemoryFile.READERS));
    }
    SandboxNics.groups(spec).mapToObj(Integer::toString).forEach(groups::add);
    return groups;
  }

  private static String groupOf(String device) {
    try {
      return String.valueOf(Files.getAttribute(Path.of(device), "unix:gid"));
    } catch (IOException e) {
      return "0";
    }
  }
}
