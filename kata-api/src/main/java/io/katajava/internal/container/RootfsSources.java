package io.katajava.internal.container;

import io.katajava.ProgressListener;
import io.katajava.internal.disk.DraftNotes;
import io.katajava.internal.disk.NamedDisks;
import io.katajava.spi.RootfsProvider;
import java.nio.file.Path;
import java.util.List;

/**
 * Where root filesystems come from.
 *
 * @param providers asked in their order
 * @param cacheDirectory where they keep what they made
 * @param disks named disks of the user
 * @param drafts remembers what is being made
 * @param progress hears how far they are
 */
public record RootfsSources(
    List<RootfsProvider> providers,
    Path cacheDirectory,
    NamedDisks disks,
    DraftNotes drafts,
    ProgressListener progress) {}
