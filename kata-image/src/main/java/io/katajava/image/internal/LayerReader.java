package io.katajava.image.internal;

import io.katajava.internal.tar.MalformedArchiveException;
import io.katajava.internal.tar.TarEntry;
import io.katajava.internal.tar.TarReader;
import io.katajava.internal.tree.BytePath;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the archive of a layer, or of images. Every path is one below the root, and what no image
 * has is refused.
 */
final class LayerReader {
  /** Linux's PATH_MAX and NAME_MAX. */
  private static final int MAXIMUM_PATH = 4096;

  private static final int MAXIMUM_NAME = 255;
  private static final int MAXIMUM_XATTR = 64 << 10;
  private static final long LATEST = 0xffff_ffffL;

  private final TarReader archive;

  LayerReader(InputStream in) {
    this.archive = new TarReader(in);
  }

  /** The next entry, or null after the last; what is left of the content before is skipped. */
  @Nullable LayerEntry next() throws IOException {
    try {
      TarEntry entry = archive.next();
      return entry == null ? null : checked(entry);
    } catch (MalformedArchiveException e) {
      throw invalid(String.valueOf(e.getMessage()));
    }
  }

  /** The content of the entry read last; -1 at its end. */
  int read(byte[] buffer) throws IOException {
    return archive.read(buffer);
  }

  private LayerEntry checked(TarEntry entry) throws IOException {
    String raw = text(entry.name());
    String name = path(raw, "entry");
    LayerEntry.Kind kind = LayerEntry.Kind.of(entry.type());
    if (kind == null) {
      throw invalid(
          "entry "
              + LayerEntry.readable(raw)
              + " is of the unknown kind '"
              + LayerEntry.readable(String.valueOf(archive.flag()))
              + "'");
    }
    return new LayerEntry(
        name,
        kind,
        entry.mode(),
        entry.uid(),
        entry.gid(),
        entry.size(),
        Math.max(0, Math.min(entry.modified().getEpochSecond(), LATEST)),
        link(kind, name, text(entry.link())),
        entry.major(),
        entry.minor(),
        xattrs(entry));
  }

  private static String text(BytePath path) {
    return new String(path.bytes(), StandardCharsets.ISO_8859_1);
  }

  private static String link(LayerEntry.Kind kind, String name, String link)
      throws InvalidLayerException {
    if (kind == LayerEntry.Kind.HARD_LINK) {
      if (link.startsWith("/")) {
        throw invalid(
            "hard link "
                + LayerEntry.readable(name)
                + " has the absolute target "
                + LayerEntry.readable(link));
      }
      return path(link, "target of hard link " + LayerEntry.readable(name) + ":");
    } else if (kind != LayerEntry.Kind.SYMLINK) {
      return "";
    }
    if (link.isEmpty() || link.length() > MAXIMUM_PATH) {
      throw invalid(
          "symbolic link "
              + LayerEntry.readable(name)
              + " has a target of "
              + link.length()
              + " bytes");
    }
    return link;
  }

  /** One below the root; what would lead out of it is refused, not repaired. */
  static String path(String raw, String what) throws InvalidLayerException {
    if (raw.length() > MAXIMUM_PATH) {
      throw invalid(what + " name of " + raw.length() + " bytes; Linux takes " + MAXIMUM_PATH);
    }
    if (raw.isEmpty() || raw.indexOf('\0') >= 0) {
      throw invalid(what + " name that is empty or has a NUL byte");
    }
    StringBuilder path = new StringBuilder();
    for (String part : raw.split("/", -1)) {
      if (part.equals("..")) {
        throw invalid(what + " " + LayerEntry.readable(raw) + " leads out by '..'");
      }
      if (part.length() > MAXIMUM_NAME) {
        throw invalid(
            what + " name with a part of " + part.length() + " bytes; Linux takes " + MAXIMUM_NAME);
      }
      if (!part.isEmpty() && !part.equals(".")) {
        path.append(path.length() == 0 ? "" : "/").append(part);
      }
    }
    return path.toString();
  }

  private static Map<String, String> xattrs(TarEntry entry) throws InvalidLayerException {
    Map<String, String> xattrs = new LinkedHashMap<>();
    for (Map.Entry<String, String> each : entry.xattrs().entrySet()) {
      String name = each.getKey();
      if (name.length() > MAXIMUM_NAME || each.getValue().length() > MAXIMUM_XATTR) {
        throw invalid(
            "extended attribute " + LayerEntry.readable(name) + " is larger than Linux allows");
      }
      // The marks of overlayfs are ours to set; squashfs keeps these three kinds.
      if ((name.startsWith("user.") && !name.startsWith("user.overlay."))
          || (name.startsWith("trusted.") && !name.startsWith("trusted.overlay."))
          || name.startsWith("security.")) {
        xattrs.put(name, each.getValue());
      }
    }
    return xattrs;
  }

  private static InvalidLayerException invalid(String what) {
    return new InvalidLayerException(what);
  }
}
