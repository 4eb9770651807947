package io.katajava;

import java.nio.file.Path;
import java.util.List;

/**
 * The store of templates: saved guests that have booted once, from which sandboxes are made in a
 * fraction of a boot's time. Shared by all processes of the user that use the same directory. A
 * template that is damaged, or was made of other files, by another hypervisor or with other
 * settings, is not used.
 */
public interface TemplateStore {

  /**
   * Where it is.
   *
   * @return its directory, which need not exist yet
   */
  Path directory();

  /**
   * The templates there are, whatever made them, the last used first.
   *
   * @return a snapshot
   */
  List<TemplateInfo> list();

  /**
   * Builds the template for such sandboxes, unless a fitting one is there; while somebody else
   * builds it, waits.
   *
   * @param spec what the sandboxes are like
   * @return the template
   * @throws KataException with {@link ErrorCode#INVALID_CONFIGURATION} and the obstacle when there
   *     can be none; as a start when its guest does not boot; with {@link
   *     ErrorCode#HOST_UNSUITABLE} when there is no room
   */
  TemplateInfo build(SandboxSpec spec);

  /**
   * Tells what template such a sandbox would be made of.
   *
   * @param spec what the sandbox is like
   * @return the template, or why there is none
   */
  TemplateStatus status(SandboxSpec spec);

  /**
   * Removes a template. Sandboxes made of it are not touched.
   *
   * @param id its id
   * @return whether there was one
   */
  boolean remove(String id);
}
