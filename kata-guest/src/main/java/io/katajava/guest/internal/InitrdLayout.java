package io.katajava.guest.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What is where in the initrd: the agent as {@code /init}, modules, and busybox as a root
 * filesystem for containers. Nothing of busybox is on the way of a start.
 */
final class InitrdLayout {
  /** Raised when the content changes that the same inputs lead to. */
  static final String VERSION = "5";

  static final String BUSYBOX_ROOTFS = "/usr/lib/kata/rootfs/busybox";
  private static final List<String> MOUNT_POINTS =
      List.of("dev", "proc", "sys", "run", "etc", "root", "var", "mnt");

  private sealed interface Entry {}

  private record Directory(int permissions) implements Entry {}

  private record Link(String target) implements Entry {}

  private record Device(int permissions, int major, int minor) implements Entry {}

  private record Content(int permissions, ByteBuffer bytes) implements Entry {}

  private record HostFile(int permissions, Path source) implements Entry {}

  private final NavigableMap<String, Entry> entries = new TreeMap<>();

  InitrdLayout(byte[] agent) {
    for (String directory : MOUNT_POINTS) {
      directory(directory, 0755);
    }
    directory("tmp", 01777);
    // The kernel opens /dev/console for init before anything is mounted on /dev.
    put("dev/console", new Device(0600, 5, 1));
    put("dev/null", new Device(0666, 1, 3));
    content("init", 0755, agent);
  }

  void pause(byte[] program) {
    content(PauseProgram.PATH.substring(1), 0755, program);
  }

  void modules(GuestModules modules) throws IOException {
    for (Map.Entry<String, Path> module : modules.files().entrySet()) {
      content(module.getKey(), 0644, KernelModule.read(module.getValue()));
    }
    content("lib/modules/load", 0644, modules.list().getBytes(StandardCharsets.UTF_8));
  }

  void busybox(byte[] binary, List<String> applets) {
    String root = BUSYBOX_ROOTFS.substring(1) + "/";
    for (String directory : List.of("dev", "proc", "sys", "run", "var/log", "home", "mnt")) {
      directory(root + directory, 0755);
    }
    directory(root + "root", 0700);
    directory(root + "tmp", 01777);
    directory(root + "var/tmp", 01777);
    content(root + "bin/busybox", 0755, binary);
    for (String applet : applets) {
      String up = "../".repeat(applet.split("/", -1).length - 1);
      put(root + applet, new Link(applet.startsWith("bin/") ? "busybox" : up + "bin/busybox"));
    }
    text(
        root + "etc/passwd",
        "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n");
    text(root + "etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n");
    text(root + "etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
    text(root + "etc/hostname", "localhost\n");
    text(root + "etc/resolv.conf", "");
  }

  void file(GuestRecipe.ExtraFile file) {
    put(file.archivePath(), new HostFile(file.permissions(), file.source()));
  }

  void write(NewcWriter out) throws IOException {
    for (Map.Entry<String, Entry> entry : entries.entrySet()) {
      String path = entry.getKey();
      Entry what = entry.getValue();
      if (what instanceof Directory directory) {
        out.directory(path, directory.permissions());
      } else if (what instanceof Link link) {
        out.symlink(path, link.target());
      } else if (what instanceof Device device) {
        out.characterDevice(path, device.permissions(), device.major(), device.minor());
      } else if (what instanceof Content content) {
        out.file(path, content.permissions(), content.bytes().array());
      } else if (what instanceof HostFile file) {
        try (InputStream in = Files.newInputStream(file.source())) {
          out.file(path, file.permissions(), Files.size(file.source()), in);
        }
      }
    }
    out.finish();
  }

  private void text(String path, String text) {
    content(path, 0644, text.getBytes(StandardCharsets.UTF_8));
  }

  private void content(String path, int permissions, byte[] bytes) {
    put(path, new Content(permissions, ByteBuffer.wrap(bytes)));
  }

  private void directory(String path, int permissions) {
    put(path, new Directory(permissions));
  }

  /** Adds an entry and the directories above it; a later entry of the same path wins. */
  private void put(String path, Entry entry) {
    for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      Entry above = entries.putIfAbsent(path.substring(0, slash), new Directory(0755));
      if (above != null && !(above instanceof Directory)) {
        throw new IllegalArgumentException(
            "/" + path + " cannot be put below /" + path.substring(0, slash) + ": no directory");
      }
    }
    Entry before = entries.put(path, entry);
    if (before instanceof Directory && !(entry instanceof Directory)) {
      throw new IllegalArgumentException("/" + path + " is a directory in the initrd");
    }
  }
}
