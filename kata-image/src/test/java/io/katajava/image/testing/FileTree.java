package io.katajava.image.testing;

import io.katajava.image.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What is in a directory, file by file, so that two of them can be compared. */
public final class FileTree {
  private FileTree() {}

  /**
   * All of a directory but itself.
   *
   * @param root the directory
   * @param owners whether owners count: only root can give files away
   * @return what each name is: kind, mode, owner, time, content, target, device, and which other
   *     name is the same file
   */
  public static Map<String, String> of(Path root, boolean owners) throws IOException {
    Map<String, String> all = new TreeMap<>();
    Map<Object, String> first = new LinkedHashMap<>();
    List<Path> files;
    try (Stream<Path> walk = Files.walk(root)) {
      files = walk.filter(each -> !each.equals(root)).sorted().toList();
    }
    for (Path file : files) {
      Map<String, Object> unix =
          Files.readAttributes(
              file,
              "unix:mode,uid,gid,rdev,nlink,ino,size,lastModifiedTime",
              LinkOption.NOFOLLOW_LINKS);
      int mode = (int) unix.getOrDefault("mode", 0);
      StringBuilder said = new StringBuilder(Integer.toOctalString(mode));
      if (owners) {
        said.append(' ').append(unix.get("uid")).append(':').append(unix.get("gid"));
      }
      String name = root.relativize(file).toString();
      switch (mode & 0170000) {
        case 0100000 -> {
          byte[] content = Files.readAllBytes(file);
          said.append(' ').append(content.length).append(' ').append(Digest.sha256(content));
          said.append(' ')
              .append(Files.getLastModifiedTime(file, LinkOption.NOFOLLOW_LINKS).toMillis() / 1000);
          String same = first.putIfAbsent(unix.getOrDefault("ino", name), name);
          said.append(same == null ? "" : " is " + same);
        }
        case 0120000 -> said.append(" -> ").append(Files.readSymbolicLink(file));
        case 0020000, 0060000 -> said.append(" device ").append(unix.get("rdev"));
        default -> {
          // A directory, or a pipe.
        }
      }
      all.put(name, said.toString());
    }
    return all;
  }
}
