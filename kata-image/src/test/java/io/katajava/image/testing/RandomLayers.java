package io.katajava.image.testing;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/**
 * Layers that do to each other all that layers may: files and directories that take each other's
 * place, whiteouts, opaque directories, hard links within a layer and to files below. What the
 * stack of them must look like is kept beside, by the rules of the OCI image specification alone.
 */
public final class RandomLayers {
  private static final String DIRECTORY = "";

  private final Random random;
  private final String root;

  /** Path to content, which no two files share unless they are names of one; "" for directories. */
  private final NavigableMap<String, String> tree = new TreeMap<>();

  private final List<LayerBuilder> layers = new ArrayList<>();
  private int files;

  /** Makes them: all below one directory. */
  public RandomLayers(long seed, String root, int count) {
    this.random = new Random(seed);
    this.root = root;
    tree.put(root, DIRECTORY);
    for (int i = 0; i < count; i++) {
      layers.add(layer());
    }
  }

  /** The layers, the lowest first. */
  public List<LayerBuilder> layers() {
    return List.copyOf(layers);
  }

  /** One line for each path, sorted: kind and content, and all names of the same file. */
  public List<String> expected() {
    Map<String, List<String>> names = new HashMap<>();
    tree.forEach(
        (path, content) -> names.computeIfAbsent(content, key -> new ArrayList<>()).add(path));
    List<String> lines = new ArrayList<>();
    tree.forEach((path, content) -> lines.add(line(path, content, names)));
    return lines;
  }

  private static String line(String path, String content, Map<String, List<String>> names) {
    return content.equals(DIRECTORY)
        ? path + " directory"
        : path + " " + content + " " + names.getOrDefault(content, List.of());
  }

  private LayerBuilder layer() {
    LayerBuilder layer = new LayerBuilder();
    Map<String, String> own = new HashMap<>();
    List<String> hidden = new ArrayList<>();
    layer.directory(root);
    own.put(root, DIRECTORY);
    for (int i = random.nextInt(4); i > 0; i--) {
      String gone = existing();
      if (!gone.equals(root)) {
        layer.whiteout(gone);
        hidden.add(gone);
        removeBelow(gone);
        tree.remove(gone);
      }
    }
    if (random.nextInt(4) == 0) {
      String directory = existing();
      if (DIRECTORY.equals(tree.get(directory)) && !directory.equals(root)) {
        describe(layer, own, directory);
        layer.opaque(directory);
        removeBelow(directory);
      }
    }
    for (int i = 0; i < 12; i++) {
      String path = fresh();
      if (!fits(own, path) || hidden.stream().anyMatch(gone -> gone.startsWith(path + "/"))) {
        continue;
      }
      switch (random.nextInt(5)) {
        case 0 -> describe(layer, own, path);
        case 1 -> link(layer, own, path);
        default -> file(layer, own, path);
      }
    }
    return layer;
  }

  private String existing() {
    List<String> all = new ArrayList<>(tree.keySet());
    return all.get(random.nextInt(all.size()));
  }

  private String fresh() {
    StringBuilder path = new StringBuilder(root);
    for (int depth = 1 + random.nextInt(3); depth > 0; depth--) {
      path.append('/').append((char) ('a' + random.nextInt(5)));
    }
    return path.toString();
  }

  /** An archive has nothing below its own files, and no file in place of its own directory. */
  private static boolean fits(Map<String, String> own, String path) {
    for (String above = path; above.contains("/"); above = parent(above)) {
      if (!own.getOrDefault(parent(above), DIRECTORY).equals(DIRECTORY)) {
        return false;
      }
    }
    return !own.containsKey(path) && own.keySet().stream().noneMatch(p -> p.startsWith(path + "/"));
  }

  private static String parent(String path) {
    return path.contains("/") ? path.substring(0, path.lastIndexOf('/')) : "";
  }

  private void describe(LayerBuilder layer, Map<String, String> own, String path) {
    if (own.containsKey(path)) {
      return;
    }
    if (!parent(path).isEmpty()) {
      describe(layer, own, parent(path));
    }
    layer.directory(path);
    put(own, path, DIRECTORY);
  }

  private void file(LayerBuilder layer, Map<String, String> own, String path) {
    above(layer, own, path);
    String content = "file-" + files++;
    layer.file(path, content);
    put(own, path, content);
  }

  private void link(LayerBuilder layer, Map<String, String> own, String path) {
    String target = existing();
    String content = tree.get(target);
    // What this layer put in the place of the target's directories would have to come first.
    if (content == null
        || content.equals(DIRECTORY)
        || path.equals(target)
        || target.startsWith(path + "/")) {
      file(layer, own, path);
      return;
    }
    above(layer, own, path);
    if (!content.equals(tree.get(target))) {
      file(layer, own, path);
      return;
    }
    layer.hardLink(path, target);
    put(own, path, content);
  }

  /** Directories above are described, or, sometimes, left to be guessed. */
  private void above(LayerBuilder layer, Map<String, String> own, String path) {
    if (random.nextInt(8) > 0) {
      describe(layer, own, parent(path));
      return;
    }
    for (String above = parent(path); !above.isEmpty(); above = parent(above)) {
      if (!DIRECTORY.equals(tree.get(above))) {
        tree.put(above, DIRECTORY);
      }
    }
  }

  private void put(Map<String, String> own, String path, String content) {
    own.put(path, content);
    if (!content.equals(DIRECTORY)) {
      removeBelow(path);
    }
    tree.put(path, content);
  }

  private void removeBelow(String directory) {
    tree.subMap(directory + "/", true, directory + "0", false).clear();
  }
}
