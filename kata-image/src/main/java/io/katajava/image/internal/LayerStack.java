package io.katajava.image.internal;

import io.katajava.image.internal.LayerEntry.Kind;
import io.katajava.image.internal.LayerIndex.Item;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Consecutive layers seen as one tree, and written as one archive in the form overlayfs
 * understands. What a layer of the stack hides of another one of it is left out; what it hides of
 * layers below the stack stays marked.
 */
final class LayerStack {
  private static final String OVERLAY_OPAQUE = "trusted.overlay.opaque";

  /** Where a layer's archive is read from, uncompressed. */
  interface Source {
    InputStream open(int layer) throws IOException;
  }

  /** Content or attributes: equal for names of one file. A whiteout has no item. */
  private record Node(int layer, @Nullable Item item, boolean opaque) {}

  /** As Linux: no name leads through more links than this. */
  private static final int MOST_LINKS = 40;

  private final NavigableMap<String, Node> tree = new TreeMap<>();

  /** Names that are, or were, links: most names have none of them above. */
  private final Set<String> links = new HashSet<>();

  private final int layers;
  private final boolean bottom;

  /**
   * Puts the layers on each other.
   *
   * @param layers their indexes, the lowest first
   * @param bottom whether there is nothing below them
   */
  LayerStack(List<LayerIndex> layers, boolean bottom) throws InvalidLayerException {
    this.layers = layers.size();
    this.bottom = bottom;
    for (int i = 0; i < layers.size(); i++) {
      put(i, layers.get(i));
    }
  }

  private void put(int layer, LayerIndex index) throws InvalidLayerException {
    for (String marked : index.opaque()) {
      // The directory itself may be a link of the layers below.
      String directory =
          marked.isEmpty() ? "" : LayerEntry.parent(resolved(marked + "/" + "x", index));
      removeBelow(directory);
      if (!bottom && !directory.isEmpty()) {
        // Its entry, which may come with this layer, gets the mark.
        Node now = tree.get(directory);
        tree.put(directory, new Node(layer, now == null ? null : now.item(), true));
      }
    }
    for (String whiteout : index.whiteouts()) {
      String gone = resolved(whiteout, index);
      removeBelow(gone);
      tree.remove(gone);
      if (!bottom) {
        tree.put(gone, new Node(layer, null, false));
      }
    }
    for (Item item : index.items().values()) {
      String path = resolved(item.entry().path(), null);
      completeAbove(layer, path);
      Node before = tree.get(path);
      if (item.entry().kind() != Kind.DIRECTORY) {
        removeBelow(path);
        Node node = source(layer, item);
        tree.put(path, node);
        if (kind(node) == Kind.SYMLINK) {
          links.add(path);
        }
        continue;
      }
      boolean replaces = before != null && !isDirectory(before);
      boolean opaque = before != null && (before.opaque() || replaces);
      tree.put(path, new Node(layer, item, opaque && !bottom));
    }
  }

  /**
   * Where a name is: links above it are followed, as in the root of the image, which none leads out
   * of. So {@code bin/tool} is in {@code usr/bin} where a layer below has {@code bin -> usr/bin}.
   *
   * @param own a layer whose links count, too, because they are not in the tree yet
   */
  private String resolved(String path, @Nullable LayerIndex own) throws InvalidLayerException {
    boolean plain = true;
    for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      String above = path.substring(0, slash);
      plain &= !links.contains(above) && (own == null || own.link(above) == null);
    }
    if (plain) {
      return path;
    }
    Deque<String> left = new ArrayDeque<>(List.of(path.split("/", -1)));
    String last = left.removeLast();
    String at = "";
    int followed = 0;
    while (!left.isEmpty()) {
      String part = left.removeFirst();
      if (part.isEmpty() || part.equals(".")) {
        continue;
      }
      if (part.equals("..")) {
        at = LayerEntry.parent(at);
        continue;
      }
      String next = at.isEmpty() ? part : at + "/" + part;
      String link = link(next, own);
      if (link == null) {
        at = next;
        continue;
      }
      if (++followed > MOST_LINKS) {
        throw new InvalidLayerException(
            "entry " + LayerEntry.readable(path) + " is below more than " + MOST_LINKS + " links");
      }
      at = link.startsWith("/") ? "" : at;
      String[] parts = link.split("/", -1);
      for (int i = parts.length - 1; i >= 0; i--) {
        left.addFirst(parts[i]);
      }
    }
    return at.isEmpty() ? last : at + "/" + last;
  }

  private @Nullable String link(String path, @Nullable LayerIndex own) {
    String mine = own == null ? null : own.link(path);
    Node node = tree.get(path);
    return mine != null || node == null || node.item() == null || kind(node) != Kind.SYMLINK
        ? mine
        : node.item().entry().link();
  }

  /** Directories nobody described; one takes the place of what is no directory, as in overlayfs. */
  private void completeAbove(int layer, String path) {
    for (String above = LayerEntry.parent(path);
        !above.isEmpty();
        above = LayerEntry.parent(above)) {
      Node node = tree.get(above);
      if (node != null && isDirectory(node)) {
        return;
      }
      tree.put(above, new Node(layer, new Item(-1, LayerEntry.directory(above), null), false));
    }
  }

  private static boolean isDirectory(Node node) {
    return node.opaque() || (node.item() != null && kind(node) == Kind.DIRECTORY);
  }

  private static @Nullable Kind kind(Node node) {
    return node.item() == null ? null : node.item().entry().kind();
  }

  /** What a name stands for, found through hard links, also into layers below. */
  private Node source(int layer, Item item) throws InvalidLayerException {
    if (item.entry().kind() != Kind.HARD_LINK) {
      return new Node(layer, item, false);
    }
    if (item.source() != null) {
      return item.source().entry().kind() == Kind.HARD_LINK
          ? source(layer, item.source())
          : new Node(layer, item.source(), false);
    }
    Node target = tree.get(resolved(item.entry().link(), null));
    if (target == null || target.item() == null || isDirectory(target)) {
      throw new InvalidLayerException(
          "hard link "
              + LayerEntry.readable(item.entry().path())
              + " has no file "
              + LayerEntry.readable(item.entry().link())
              + " as target");
    }
    return target;
  }

  private void removeBelow(String directory) {
    if (directory.isEmpty()) {
      tree.clear();
    } else {
      tree.subMap(directory + "/", true, directory + "0", false).clear();
    }
  }

  /** Writes all: directories, then what has no content, then files, then their other names. */
  void write(Source source, LayerWriter out) throws IOException {
    Map<Node, List<String>> names = new HashMap<>();
    List<Map<Integer, List<String>>> files = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      files.add(new HashMap<>());
    }
    out.entry(LayerEntry.directory(""));
    for (Map.Entry<String, Node> each : tree.entrySet()) {
      Node node = each.getValue();
      if (isDirectory(node)) {
        writeDirectory(each.getKey(), node, out);
      } else if (node.item() == null) {
        out.entry(LayerEntry.whiteout(each.getKey()));
      } else {
        names.computeIfAbsent(node, key -> new ArrayList<>()).add(each.getKey());
      }
    }
    for (Map.Entry<Node, List<String>> each : names.entrySet()) {
      Node node = each.getKey();
      Item item = node.item();
      if (item == null) {
        continue;
      }
      if (item.entry().kind() == Kind.FILE) {
        files.get(node.layer()).put(item.ordinal(), each.getValue());
      } else {
        out.entry(item.entry().at(each.getValue().get(0)));
      }
    }
    for (int layer = 0; layer < layers; layer++) {
      if (!files.get(layer).isEmpty()) {
        copy(source, layer, files.get(layer), out);
      }
    }
    for (List<String> same : names.values()) {
      for (String other : same.subList(1, same.size())) {
        out.entry(LayerEntry.hardLink(other, same.get(0)));
      }
    }
    out.finish();
  }

  private static void writeDirectory(String path, Node node, LayerWriter out) throws IOException {
    LayerEntry entry =
        node.item() == null || node.item().entry().kind() != Kind.DIRECTORY
            ? LayerEntry.directory(path)
            : node.item().entry().at(path);
    out.entry(node.opaque() ? entry.with(OVERLAY_OPAQUE, "y") : entry);
  }

  private static void copy(
      Source source, int layer, Map<Integer, List<String>> wanted, LayerWriter out)
      throws IOException {
    byte[] buffer = new byte[1 << 16];
    int missing = wanted.size();
    try (InputStream in = source.open(layer)) {
      LayerReader reader = new LayerReader(in);
      int ordinal = 0;
      for (LayerEntry entry = reader.next(); entry != null && missing > 0; entry = reader.next()) {
        List<String> paths = wanted.get(ordinal++);
        if (paths == null) {
          continue;
        }
        missing--;
        out.entry(entry.at(paths.get(0)));
        for (int n = reader.read(buffer); n >= 0; n = reader.read(buffer)) {
          out.content(buffer, n);
        }
      }
    }
    if (missing > 0) {
      throw new IOException("the archive changed while it was read");
    }
  }
}
