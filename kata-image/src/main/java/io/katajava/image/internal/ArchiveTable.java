package io.katajava.image.internal;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a first pass over an archive tells: the documents at its top, and links. Only then is it
 * known what the archive is: writers have their files in any order, and further ones beside them.
 */
final class ArchiveTable implements ImportBundle {
  /** Where forms of archives say what they are. */
  static final Set<String> DOCUMENTS =
      Set.of(ImportForm.LAYOUT, ImportForm.INDEX, ImportForm.MANIFEST);

  /**
   * An archive of images has a link for each layer that is there twice; a root filesystem, many.
   */
  private static final int MOST_LINKS = 10_000;

  /** A link to a link to a link; none leads on for ever. */
  private static final int MOST_HOPS = 8;

  private final Map<String, byte[]> documents = new HashMap<>();
  private final Map<String, String> links = new HashMap<>();
  private boolean blobs;

  private ArchiveTable() {}

  static ArchiveTable read(InputStream in) throws IOException {
    ArchiveTable table = new ArchiveTable();
    LayerReader reader = new LayerReader(in);
    for (LayerEntry entry = reader.next(); entry != null; entry = reader.next()) {
      table.add(entry, reader);
    }
    return table;
  }

  private void add(LayerEntry entry, LayerReader reader) throws IOException {
    String name = entry.path();
    blobs |= name.startsWith("blobs/");
    switch (entry.kind()) {
      case FILE -> {
        if (DOCUMENTS.contains(name) && entry.size() <= OciDocuments.MAXIMUM_DOCUMENT) {
          documents.put(name, content(reader));
        }
        links.remove(name);
      }
      case HARD_LINK -> link(name, entry.link());
      case SYMLINK -> link(name, beside(name, entry.link()));
      default -> {
        // Directories, and what no archive of images has.
      }
    }
  }

  private void link(String name, String target) {
    if (links.size() < MOST_LINKS) {
      links.put(name, target);
    }
  }

  private static byte[] content(LayerReader reader) throws IOException {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    byte[] buffer = new byte[1 << 14];
    for (int n = reader.read(buffer); n >= 0; n = reader.read(buffer)) {
      content.write(buffer, 0, n);
    }
    return content.toByteArray();
  }

  /** Where a link leads to from where it is; never out of the archive. */
  private static String beside(String name, String link) {
    Deque<String> at = new ArrayDeque<>();
    if (!link.startsWith("/")) {
      at.addAll(List.of(LayerEntry.parent(name).split("/", -1)));
    }
    for (String part : link.split("/", -1)) {
      if (part.equals("..")) {
        at.pollLast();
      } else if (!part.equals(".")) {
        at.addLast(part);
      }
    }
    at.removeIf(String::isEmpty);
    return String.join("/", at);
  }

  /** The file that a name leads to. */
  String file(String name) {
    String at = name;
    for (int hops = 0; hops < MOST_HOPS && links.containsKey(at); hops++) {
      at = links.getOrDefault(at, at);
    }
    return at;
  }

  @Override
  public @Nullable InputStream open(String name) {
    byte[] content = documents.get(file(name));
    return content == null ? null : new ByteArrayInputStream(content);
  }

  @Override
  public boolean hasBlobs() {
    return blobs;
  }

  @Override
  public void close() {}
}
