package io.katajava.internal.sandbox;

import io.katajava.Sandbox;
import java.nio.file.Path;
import java.util.List;

/** Makes further sandboxes of one that runs. */
public interface Copies {
  /** Copies a running sandbox so many times. */
  List<Sandbox> fork(VmSandbox parent, int count);

  /** Writes a running sandbox into a directory that does not exist yet. */
  void snapshot(VmSandbox sandbox, Path directory);
}
