package io.katajava.image.internal;

import io.katajava.Deadline;
import io.katajava.ProgressListener;
import io.katajava.image.ImageLimits;
import io.katajava.image.ImageReference;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Takes images from files and directories. What kind of file it is shows from its content, once all
 * of its names are known.
 */
final class ImageImport {
  private final StoreDirectory store;
  private final ImageLimits limits;
  private final ProgressListener progress;
  private final Deadline deadline;

  ImageImport(
      StoreDirectory store, ImageLimits limits, ProgressListener progress, Deadline deadline) {
    this.store = store;
    this.limits = limits;
    this.progress = progress;
    this.deadline = deadline;
  }

  /** The images of a source, all of their content in the store; they have no names there yet. */
  List<ImageReader.Parts> from(Path source, @Nullable ImageReference name) throws IOException {
    if (!Files.exists(source)) {
      throw new NoSuchFileException(source.toString());
    }
    return Files.isDirectory(source) ? fromDirectory(source, name) : fromFile(source, name);
  }

  private List<ImageReader.Parts> fromDirectory(Path source, @Nullable ImageReference name)
      throws IOException {
    ImportBundle bundle = new ImportBundle.OfDirectory(source);
    ImportForm form = ImportForm.of(bundle);
    ImportProgress told = new ImportProgress(progress, source, 0);
    try {
      if (form.layout() != null || form.docker() != null) {
        return images(bundle, form, source, name, told);
      }
      told.form("root filesystem");
      return List.of(new RootfsImport(store, limits, deadline).fromTree(source, name));
    } finally {
      told.ended();
    }
  }

  private List<ImageReader.Parts> fromFile(Path source, @Nullable ImageReference name)
      throws IOException {
    ImportProgress told = new ImportProgress(progress, source, Files.size(source));
    try {
      ArchiveTable table;
      try (InputStream in = archive(source, told)) {
        table = ArchiveTable.read(in);
      }
      ImportForm form = ImportForm.of(table);
      if (form.layout() == null && form.docker() == null) {
        told.form("root filesystem");
        return List.of(new RootfsImport(store, limits, deadline).fromArchive(source, name));
      }
      Set<String> wanted = new HashSet<>();
      if (form.docker() != null) {
        for (String file : form.docker().files()) {
          wanted.add(
              table.file(
                  new String(file.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1)));
        }
      }
      try (InputStream in = archive(source, told);
          ArchiveBundle bundle =
              ArchiveBundle.unpack(
                  in, table, store, file -> wanted.contains(file) || file.startsWith("blobs/"))) {
        return images(bundle, form, source, name, told);
      }
    } finally {
      told.ended();
    }
  }

  private InputStream archive(Path source, ImportProgress told) throws IOException {
    return new LayerArchive(source, limits, deadline).openAll(told::counting);
  }

  /** Newer archives of docker are layouts, too, but some of those are not to be relied on. */
  private List<ImageReader.Parts> images(
      ImportBundle bundle,
      ImportForm form,
      Path source,
      @Nullable ImageReference name,
      ImportProgress told)
      throws IOException {
    LayoutImport layout = new LayoutImport(bundle, source, store, limits, deadline);
    DockerArchive docker = form.docker();
    if (form.layout() != null && (docker == null || layout.isWhole(form.manifests()))) {
      return layout.images(form.manifests(), name, told);
    }
    return new DockerArchiveImport(
            bundle,
            Objects.requireNonNull(docker, "one of the two"),
            source,
            store,
            limits,
            deadline)
        .images(name, told);
  }
}
