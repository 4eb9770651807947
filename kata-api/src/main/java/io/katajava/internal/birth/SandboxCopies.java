package io.katajava.internal.birth;

import io.katajava.Sandbox;
import io.katajava.internal.sandbox.Copies;
import io.katajava.internal.sandbox.VmSandbox;
import java.nio.file.Path;
import java.util.List;

/** Forks and snapshots of the sandboxes of one runtime. */
public final class SandboxCopies implements Copies {
  private final SandboxMaker maker;

  public SandboxCopies(RuntimeServices services, OpenSandboxes open) {
    this.maker = new SandboxMaker(services, open, this);
  }

  /** Puts sandboxes together of which there can be copies. */
  public SandboxMaker maker() {
    return maker;
  }

  @Override
  public List<Sandbox> fork(VmSandbox parent, int count) {
    return new SandboxFork(maker, parent).make(count);
  }

  @Override
  public void snapshot(VmSandbox sandbox, Path directory) {
    new SandboxSnapshot(maker).write(sandbox, directory);
  }
}
