package io.katajava.image.internal;

import io.katajava.image.ImageLimits;
import io.katajava.image.internal.LayerEntry.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a layer's archive holds, without the content of its files: names, whiteouts, opaque
 * directories (OCI image specification, layer). Reading it is also the check: an archive with an
 * index is one to build from.
 */
final class LayerIndex {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";

  /** What aufs kept for itself. */
  private static final String AUFS = ".wh..wh.";

  /**
   * One name of the layer.
   *
   * @param ordinal the place in the archive, from 0
   * @param entry what the archive says; of a file only its kind counts here
   * @param source what a hard link within the layer is another name of
   */
  record Item(int ordinal, LayerEntry entry, @Nullable Item source) {}

  private final Map<String, Item> items = new LinkedHashMap<>();
  private final Set<String> whiteouts = new HashSet<>();
  private final Set<String> opaque = new HashSet<>();

  /** Directories that only show in the names of what is in them. */
  private final Set<String> implied = new HashSet<>();

  /** Links of this layer that something later is below of. */
  private final Set<String> passed = new HashSet<>();

  private final ImageLimits limits;
  private long size;
  private boolean selfContained = true;

  private LayerIndex(ImageLimits limits) {
    this.limits = limits;
  }

  /** Reads to the end of the stream, so that the whole of it passes a digest. */
  static LayerIndex read(InputStream in, ImageLimits limits) throws IOException {
    LayerIndex index = new LayerIndex(limits);
    LayerReader reader = new LayerReader(in);
    int ordinal = 0;
    for (LayerEntry entry = reader.next(); entry != null; entry = reader.next()) {
      if (ordinal == limits.entries()) {
        throw new InvalidLayerException(
            "it has more than " + limits.entries() + " entries, the limit");
      }
      index.add(ordinal++, entry);
    }
    in.transferTo(java.io.OutputStream.nullOutputStream());
    // Directories that are only implied have the attributes of the layers below.
    index.selfContained &= index.items.keySet().containsAll(index.implied);
    return index;
  }

  Map<String, Item> items() {
    return items;
  }

  /** Paths that are gone from the layers below. */
  Set<String> whiteouts() {
    return whiteouts;
  }

  /** Directories that hide what the layers below have in them. */
  Set<String> opaque() {
    return opaque;
  }

  /** Whether it can be mounted over others by itself, without a look at them. */
  boolean isSelfContained() {
    return selfContained;
  }

  private void add(int ordinal, LayerEntry entry) throws InvalidLayerException {
    String name = entry.name();
    if (name.equals(OPAQUE)) {
      String directory = LayerEntry.parent(entry.path());
      checkAbove(entry.path());
      opaque.add(directory);
      // The root has the attributes of the writable layer, and so no mark of its own.
      selfContained &= !directory.isEmpty();
      return;
    }
    if (name.startsWith(AUFS)) {
      return;
    }
    if (name.startsWith(WHITEOUT)) {
      String gone = name.substring(WHITEOUT.length());
      if (gone.isEmpty() || gone.equals(".") || gone.equals("..")) {
        throw new InvalidLayerException(
            "whiteout " + LayerEntry.readable(entry.path()) + " has no name after '.wh.'");
      }
      String parent = LayerEntry.parent(entry.path());
      checkAbove(entry.path());
      whiteouts.add(parent.isEmpty() ? gone : parent + "/" + gone);
      return;
    }
    if (entry.path().isEmpty()) {
      if (entry.kind() != Kind.DIRECTORY) {
        throw new InvalidLayerException("its root is not a directory");
      }
      return;
    }
    if (entry.kind() == Kind.CHARACTER && entry.major() == 0 && entry.minor() == 0) {
      throw new InvalidLayerException(
          "device "
              + LayerEntry.readable(entry.path())
              + " is 0:0, with which overlayfs marks removed files");
    }
    checkAbove(entry.path());
    Item before = items.get(entry.path());
    boolean directory =
        implied.contains(entry.path())
            || (before != null && before.entry().kind() == Kind.DIRECTORY);
    if (directory && entry.kind() != Kind.DIRECTORY) {
      throw new InvalidLayerException(
          "entry " + LayerEntry.readable(entry.path()) + " takes the place of a directory");
    }
    if (passed.contains(entry.path())) {
      throw new InvalidLayerException(
          "entry "
              + LayerEntry.readable(entry.path())
              + " replaces a link that is in the path of other entries");
    }
    size += entry.size();
    if (size < 0 || size > limits.layerSize().bytes()) {
      throw new InvalidLayerException(
          "its files are larger than " + limits.layerSize() + ", the limit");
    }
    items.remove(entry.path());
    items.put(entry.path(), new Item(ordinal, entry, linked(entry)));
  }

  /** The entry whose content a hard link shares, when it is in this layer. */
  private @Nullable Item linked(LayerEntry entry) throws InvalidLayerException {
    if (entry.kind() != Kind.HARD_LINK) {
      return null;
    }
    Item target = items.get(entry.link());
    if (target == null) {
      selfContained = false;
      return null;
    }
    if (target.entry().kind() == Kind.DIRECTORY) {
      throw new InvalidLayerException(
          "hard link " + LayerEntry.readable(entry.path()) + " has a directory as target");
    }
    return target.source() != null ? target.source() : target;
  }

  /**
   * Nothing is put below what is a file in the same layer. What is below a link is below what the
   * link leads to, which only the layers below can tell.
   */
  private void checkAbove(String path) throws InvalidLayerException {
    for (String above = LayerEntry.parent(path);
        !above.isEmpty();
        above = LayerEntry.parent(above)) {
      Item item = items.get(above);
      if (item != null && item.entry().kind() == Kind.SYMLINK) {
        passed.add(above);
        selfContained = false;
        return;
      }
      if (item != null && item.entry().kind() != Kind.DIRECTORY) {
        throw new InvalidLayerException(
            "entry "
                + LayerEntry.readable(path)
                + " is below "
                + LayerEntry.readable(above)
                + ", which is no directory");
      }
      if (item != null || !implied.add(above)) {
        return;
      }
      if (items.size() + implied.size() > limits.entries()) {
        throw new InvalidLayerException(
            "it has more than " + limits.entries() + " names, the limit");
      }
    }
  }

  /** Where a link of this layer leads to; null when there is none of that name. */
  @Nullable String link(String path) {
    Item item = items.get(path);
    return item != null && item.entry().kind() == Kind.SYMLINK ? item.entry().link() : null;
  }
}
