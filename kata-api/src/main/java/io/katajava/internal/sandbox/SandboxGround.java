package io.katajava.internal.sandbox;

import io.katajava.Birth;
import io.katajava.Deadline;
import io.katajava.DirectorySharing;
import io.katajava.Sandbox;
import io.katajava.SandboxState;
import io.katajava.internal.container.SandboxFiles;
import io.katajava.internal.detached.Detachment;
import io.katajava.internal.ledger.SandboxIds;
import io.katajava.internal.link.GuestSession;
import io.katajava.internal.run.StartRun;

/** What all helpers of one sandbox stand on: its parts, its session with the guest, its state. */
final class SandboxGround {
  private final Sandbox sandbox;
  private final SandboxParts parts;
  private final StartRun run;
  private final GuestSession session;
  private final SandboxStates states;
  private final SandboxEvents events;
  private final SandboxDisks disks;
  private final SandboxShares shares;
  private final SandboxFiles files;
  private final Activity activity = new Activity();
  private final String execPrefix;

  /** Whether the guest may hold something that must reach the host before it ends. */
  private volatile boolean keepsOnHost;

  SandboxGround(Sandbox sandbox, SandboxParts parts, StartRun run) {
    this.sandbox = sandbox;
    this.parts = parts;
    this.run = run;
    this.session = new GuestSession(run, parts.link(), parts.workers());
    this.states = new SandboxStates(session, parts.vm());
    this.events = new SandboxEvents(session.workers().executor());
    this.disks = new SandboxDisks(parts.vm(), parts.vmSpec().guest().modules(), parts.link());
    this.shares =
        new SandboxShares(
            parts.vm(),
            parts.vmSpec().sharesDirectories(),
            parts.spec().sharing() == DirectorySharing.VIRTIO_FS,
            parts.copying());
    this.files = new SandboxFiles(hostname(), parts.connections());
    Detachment detachment = parts.detachment();
    // Commands of a JVM before this one, or of the guest this one is a copy of, may still run under
    // their ids.
    boolean first =
        parts.birth().kind() == Birth.Kind.COLD && (detachment == null || detachment.isOurs());
    this.execPrefix = first ? "exec-" : "exec-" + SandboxIds.next() + "-";
  }

  /** The sandbox as its user has it. */
  Sandbox sandbox() {
    return sandbox;
  }

  SandboxParts parts() {
    return parts;
  }

  StartRun run() {
    return run;
  }

  GuestSession session() {
    return session;
  }

  SandboxStates states() {
    return states;
  }

  SandboxEvents events() {
    return events;
  }

  SandboxDisks disks() {
    return disks;
  }

  SandboxShares shares() {
    return shares;
  }

  SandboxFiles files() {
    return files;
  }

  Activity activity() {
    return activity;
  }

  String execPrefix() {
    return execPrefix;
  }

  String id() {
    return session.id();
  }

  String hostname() {
    return parts.spec().hostname().isEmpty() ? id() : parts.spec().hostname();
  }

  /** By when a container must be ready: with the start, or within as much time after it. */
  Deadline startDeadline() {
    return states.now() == SandboxState.STARTING
        ? run.deadline()
        : Deadline.after(parts.spec().startTimeout());
  }

  /** A container has something on the host that outlives it. */
  void keepsOnHost() {
    keepsOnHost = true;
  }

  boolean isKeptOnHost() {
    return keepsOnHost;
  }
}
