package io.katajava.internal.engine;

import io.katajava.KataDirectories;
import io.katajava.ProgressListener;
import io.katajava.TemplateSettings;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.Hypervisor;
import io.katajava.spi.KataObserver;
import io.katajava.spi.RootfsProvider;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What {@link io.katajava.Kata.Builder} hands over.
 *
 * @param hypervisor null: the first one on the class path
 * @param guest null: the first one on the class path
 * @param rootfs asked before those on the class path
 * @param directories where state and caches are kept
 * @param templates where templates are kept and how much they may take
 * @param progress hears of pulls, unpacking and guest builds
 * @param observers follow what the runtime does; those on the class path come after them
 * @param callTimeout the longest wait for an answer of a guest's agent
 * @param drainAtExit how long work may go on when the JVM ends
 */
public record EngineSettings(
    @Nullable Hypervisor hypervisor,
    @Nullable GuestProvider guest,
    List<RootfsProvider> rootfs,
    KataDirectories directories,
    TemplateSettings templates,
    ProgressListener progress,
    List<KataObserver> observers,
    Duration callTimeout,
    Duration drainAtExit) {}
