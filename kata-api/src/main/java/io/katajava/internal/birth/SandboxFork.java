package io.katajava.internal.birth;

import io.katajava.Birth;
import io.katajava.Deadline;
import io.katajava.DirectorySharing;
import io.katajava.ErrorCode;
import io.katajava.KataException;
import io.katajava.KataException.Details;
import io.katajava.Network;
import io.katajava.PublishedPort;
import io.katajava.Sandbox;
import io.katajava.SandboxLife;
import io.katajava.SandboxSpec;
import io.katajava.internal.cards.ListeningPorts;
import io.katajava.internal.container.ContainerRecord;
import io.katajava.internal.ledger.SandboxIds;
import io.katajava.internal.sandbox.MachineFailures;
import io.katajava.internal.sandbox.VmSandbox;
import io.katajava.spi.Ending;
import io.katajava.spi.VirtualMachine;
import io.katajava.spi.VmImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies a running sandbox: one state of it is written while it runs, standing still for the last
 * bit only, and every copy is made of that.
 */
final class SandboxFork {
  private static final Logger log = LoggerFactory.getLogger(SandboxFork.class);

  private static final Duration LISTENING_PATIENCE = Duration.ofSeconds(15);

  private final SandboxMaker maker;
  private final VmSandbox parent;

  SandboxFork(SandboxMaker maker, VmSandbox parent) {
    this.maker = maker;
    this.parent = parent;
  }

  List<Sandbox> make(int count) {
    VirtualMachine vm = parent.parts().vm();
    requireCopyable("forked");
    Deadline deadline = Deadline.after(parent.parts().spec().startTimeout());
    // In the parent's own directory: what is left of a JVM that is killed goes with the parent.
    Path state = parent.stateDirectory().resolve("fork-" + SandboxIds.next());
    List<ContainerRecord> containers = parent.members().copyable();
    ListeningPorts listening = parent.parts().connections().listening();
    try {
      Duration pause = save(state, deadline);
      log.debug("[{}] stood still for {} ms to be forked", parent.id(), pause.toMillis());
      VmImage image = new VmImage(state, Optional.empty(), vm.hardware());
      List<Sandbox> copies = all(count, image, containers, deadline, pause);
      for (Sandbox copy : copies) {
        // What is published is taken by the host at once, and would be reset before.
        ((VmSandbox) copy)
            .parts()
            .connections()
            .awaitListening(
                listening, deadline.remainingAtMost(LISTENING_PATIENCE), deadline::isExpired);
      }
      return copies;
    } finally {
      try {
        Files.deleteIfExists(state);
      } catch (IOException e) {
        log.warn("cannot remove {}: {}", state, e.toString());
      }
    }
  }

  /** The same networks for a second machine: what is published is published elsewhere. */
  private static SandboxSpec.Networking ofAnother(SandboxSpec.Networking networking) {
    List<Network> networks = new ArrayList<>();
    for (Network network : networking.networks()) {
      Network.User user = (Network.User) network;
      networks.add(
          new Network.User(
              user.published().stream()
                  .map(
                      port ->
                          new PublishedPort(
                              port.protocol(), port.guestPort(), port.hostAddress(), 0))
                  .toList(),
              user.publishesExposed(),
              user.egress(),
              user.relays(),
              user.guest()));
    }
    return new SandboxSpec.Networking(
        networks, networking.nameServers(), networking.searchDomains(), networking.hosts());
  }

  /** Fails unless a second machine of the same state can exist. */
  void requireCopyable(String what) {
    for (Network network : parent.parts().spec().networking().networks()) {
      if (!(network instanceof Network.User)) {
        throw new KataException(
            ErrorCode.INVALID_STATE,
            "sandbox "
                + parent.id()
                + " cannot be "
                + what
                + ": its interface on the host can belong to only one machine",
            Details.none()
                .withSandbox(parent.id())
                .withRemedy(
                    "Use Network.user() for the networks of a sandbox that is to be copied"));
      }
    }
    parent
        .parts()
        .vm()
        .obstacleToSave()
        .ifPresent(
            obstacle -> {
              throw new KataException(
                  ErrorCode.INVALID_STATE,
                  "sandbox " + parent.id() + " cannot be " + what + ": " + obstacle,
                  Details.none().withSandbox(parent.id()));
            });
  }

  /** Writes the state; returns how long the sandbox stood still. */
  Duration save(Path state, Deadline deadline) {
    try {
      return parent.parts().vm().save(state, true, deadline.remaining());
    } catch (RuntimeException e) {
      throw MachineFailures.of("write the state of sandbox " + parent.id(), parent.session(), e);
    }
  }

  private List<Sandbox> all(
      int count,
      VmImage image,
      List<ContainerRecord> containers,
      Deadline deadline,
      Duration pause) {
    List<CompletableFuture<Sandbox>> coming = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      coming.add(
          CompletableFuture.supplyAsync(
              () -> child(image, containers, deadline, pause),
              maker.services().workers().executor()));
    }
    List<Sandbox> children = new ArrayList<>();
    RuntimeException failure = null;
    for (CompletableFuture<Sandbox> one : coming) {
      try {
        children.add(one.join());
      } catch (CompletionException e) {
        RuntimeException cause =
            e.getCause() instanceof RuntimeException known ? known : new IllegalStateException(e);
        if (failure == null) {
          failure = cause;
        } else {
          failure.addSuppressed(cause);
        }
      }
    }
    if (failure != null) {
      Ending end = new Ending("the other copies of sandbox " + parent.id());
      children.forEach(one -> end.step("closing sandbox " + one.id(), one::close));
      end.addTo(failure);
      throw failure;
    }
    return children;
  }

  private Sandbox child(
      VmImage image, List<ContainerRecord> containers, Deadline deadline, Duration pause) {
    SandboxSpec spec = parent.parts().spec();
    SandboxSpec own =
        spec.toBuilder()
            .hostname("")
            .networking(ofAnother(spec.networking()))
            .life(SandboxLife.UNLIMITED)
            .sharing(DirectorySharing.COPY)
            .build();
    return SandboxRevival.of(
        maker,
        own,
        new SandboxRevival.Source(
            image,
            parent.session().link().agentVersion(),
            parent.parts().vmSpec(),
            containers,
            parent.members().madePidHolder(),
            new Birth(
                Birth.Kind.FORK,
                "a copy of sandbox "
                    + parent.id()
                    + ", which stood still for "
                    + pause.toMillis()
                    + " ms",
                Optional.of(pause))),
        deadline);
  }
}
