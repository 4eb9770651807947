package io.katajava.agent.oci;

import java.util.ArrayList;
import java.util.List;

/**
 * Programs run at points of a container's life. Maps to the protocol's {@code Hooks}; the points
 * are those of the OCI runtime specification. Each program reads the container's state in JSON on
 * its standard input.
 *
 * <p>Those of the guest's side are programs of the guest and run with all rights there; those of
 * the container's side have the container's namespaces. One that fails before the container runs
 * makes that fail; a failing {@code poststart} hook has the container killed; a failing {@code
 * poststop} hook is a warning in the guest's log.
 *
 * @param prestart as {@code createRuntime}, and before those
 * @param createRuntime on the guest's side, once the container's mounts are made
 * @param createContainer on the container's side but with programs of the guest, before the root is
 *     switched
 * @param startContainer in the container, with its programs, user and rights, right before its
 *     first process executes its own
 * @param poststart on the guest's side, once the first process runs
 * @param poststop on the guest's side, once the container is removed
 */
public record OciHooks(
    List<OciHook> prestart,
    List<OciHook> createRuntime,
    List<OciHook> createContainer,
    List<OciHook> startContainer,
    List<OciHook> poststart,
    List<OciHook> poststop) {
  /** No hooks. */
  public static final OciHooks NONE =
      new OciHooks(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

  /** Copies the lists. */
  public OciHooks {
    prestart = List.copyOf(prestart);
    createRuntime = List.copyOf(createRuntime);
    createContainer = List.copyOf(createContainer);
    startContainer = List.copyOf(startContainer);
    poststart = List.copyOf(poststart);
    poststop = List.copyOf(poststop);
  }

  /**
   * Begins with none.
   *
   * @return a builder
   */
  public static Builder builder() {
    return new Builder();
  }

  /** Collects hooks; those of one point run in the order they were added. */
  public static final class Builder {
    private final List<OciHook> createRuntime = new ArrayList<>();
    private final List<OciHook> createContainer = new ArrayList<>();
    private final List<OciHook> startContainer = new ArrayList<>();
    private final List<OciHook> poststart = new ArrayList<>();
    private final List<OciHook> poststop = new ArrayList<>();

    private Builder() {}

    /**
     * Adds one for {@link OciHooks#createRuntime}.
     *
     * @param hook the program
     * @return this
     */
    public Builder createRuntime(OciHook hook) {
      createRuntime.add(hook);
      return this;
    }

    /**
     * Adds one for {@link OciHooks#createContainer}.
     *
     * @param hook the program
     * @return this
     */
    public Builder createContainer(OciHook hook) {
      createContainer.add(hook);
      return this;
    }

    /**
     * Adds one for {@link OciHooks#startContainer}.
     *
     * @param hook the program
     * @return this
     */
    public Builder startContainer(OciHook hook) {
      startContainer.add(hook);
      return this;
    }

    /**
     * Adds one for {@link OciHooks#poststart}.
     *
     * @param hook the program
     * @return this
     */
    public Builder poststart(OciHook hook) {
      poststart.add(hook);
      return this;
    }

    /**
     * Adds one for {@link OciHooks#poststop}.
     *
     * @param hook the program
     * @return this
     */
    public Builder poststop(OciHook hook) {
      poststop.add(hook);
      return this;
    }

    /**
     * Makes the hooks; {@code prestart}, which the specification deprecates, stays empty.
     *
     * @return immutable hooks
     */
    public OciHooks build() {
      return new OciHooks(
          List.of(), createRuntime, createContainer, startContainer, poststart, poststop);
    }
  }
}
