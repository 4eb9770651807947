package io.katajava.sdk;

import io.katajava.BirthPolicy;
import io.katajava.Container;
import io.katajava.DirectorySharing;
import io.katajava.Kata;
import io.katajava.KataDirectories;
import io.katajava.MemorySize;
import io.katajava.Sandbox;
import io.katajava.Volume;
import io.katajava.WritableLayer;
import io.katajava.guest.KataGuestProvider;
import io.katajava.spi.GuestProvider;
import io.katajava.spi.GuestRequest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/**
 * A program that does over and over one of all the things that have something on disk meanwhile, to
 * be killed at an instant of no choice. Arguments: the directory of a {@link RandomKills}, what to
 * do. Prints {@code begins}, and {@code ready} whenever a sandbox runs with which it goes on.
 */
final class Wanderer {
  /** What it can be told to do. */
  static final List<String> WAYS =
      List.of("start", "disks", "shares", "snapshot", "fork", "template", "detach");

  /** Those of them that go on with a sandbox once it runs. */
  static final Set<String> LONG_WAYS = Set.of("disks", "shares", "snapshot", "fork");

  private Wanderer() {}

  public static void main(String[] arguments) throws Exception {
    RandomKills.Places places = new RandomKills.Places(Path.of(arguments[0]));
    say("begins");
    GuestProvider guest = new KataGuestProvider();
    // The guest comes out of the usual cache: it is not made anew for each of the killed.
    Path usual = KataDirectories.fromEnvironment().cache();
    Kata kata =
        places
            .builder()
            .guest(
                request ->
                    guest.provide(
                        new GuestRequest(
                            request.architecture(), usual, request.deadline(), request.progress())))
            .build();
    for (int round = 0; ; round++) {
      go(kata, places, arguments[1], round);
    }
  }

  private static void say(String word) {
    System.out.println(word);
    System.out.flush();
  }

  private static Sandbox start(Kata kata) {
    return kata.sandbox().birth(BirthPolicy.COLD).image("busybox").start();
  }

  private static void go(Kata kata, RandomKills.Places places, String way, int round)
      throws Exception {
    switch (way) {
      case "start" -> start(kata).close();
      case "disks" -> {
        try (Sandbox sandbox = kata.sandbox().birth(BirthPolicy.COLD).start()) {
          say("ready");
          for (int i = 0; i < 2; i++) {
            sandbox
                .container("c" + i)
                .volume("/d", Volume.disk("d" + round + "-" + i, MemorySize.mebibytes(16)))
                .writableLayer(WritableLayer.disk(MemorySize.mebibytes(16)))
                .start();
          }
        }
      }
      case "shares" -> {
        try (Sandbox sandbox =
            kata.sandbox()
                .birth(BirthPolicy.COLD)
                .directories(DirectorySharing.VIRTIO_FS_OR_COPY)
                .start()) {
          say("ready");
          Container container =
              sandbox
                  .container("c")
                  .volume("/w", Volume.hostDirectory(places.shared()).writable())
                  .start();
          container.exec("sh", "-c", "echo x > /w/file");
        }
      }
      case "snapshot" -> {
        try (Sandbox sandbox = start(kata)) {
          say("ready");
          for (int i = 0; i < 100; i++) {
            sandbox.snapshot(places.snapshots().resolve("s" + round + "-" + i));
          }
        }
      }
      case "fork" -> {
        try (Sandbox sandbox = start(kata)) {
          say("ready");
          for (int i = 0; i < 100; i++) {
            sandbox.fork(1).forEach(Sandbox::close);
          }
        }
      }
      case "template" ->
          kata.templates().remove(kata.templates().build(kata.sandbox().spec()).id());
      case "detach" -> {
        Sandbox sandbox = kata.sandbox().detached(Duration.ofMinutes(2)).image("busybox").start();
        String id = sandbox.id();
        sandbox.close();
        kata.attach(id).stop(Duration.ZERO);
      }
      default -> throw new IllegalArgumentException(way + ", " + Files.exists(places.shared()));
    }
  }
}
