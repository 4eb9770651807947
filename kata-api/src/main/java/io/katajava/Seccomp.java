package io.katajava;

import io.katajava.agent.oci.OciCapability;
import io.katajava.agent.oci.OciSeccomp;
import io.katajava.agent.oci.OciSeccomp.Rule;
import io.katajava.internal.oci.SeccompJson;
import io.katajava.internal.oci.StandardSeccomp;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A filter of system calls for a container's processes. */
public sealed interface Seccomp {

  /**
   * The filter for a process with these capabilities.
   *
   * @param capabilities what the process can gain at most
   * @return the filter; empty for none
   */
  Optional<OciSeccomp> filter(Set<OciCapability> capabilities);

  /**
   * This library's own profile: what loads code into the guest's kernel, changes the machine as a
   * whole, looks into other processes' kernel state or has no use in a container fails with EPERM;
   * a capability that was given brings the calls it is for with it. {@code clone3} fails with
   * ENOSYS, so that C libraries fall back to {@code clone}, whose flags can be checked.
   *
   * @return the profile
   */
  static Seccomp standard() {
    return new Standard();
  }

  /**
   * No filter.
   *
   * @return a profile that lets everything pass
   */
  static Seccomp unconfined() {
    return new Unconfined();
  }

  /**
   * A given filter.
   *
   * @param filter the filter, whatever the capabilities
   * @return a profile
   */
  static Seccomp of(OciSeccomp filter) {
    return new Custom(filter);
  }

  /**
   * Reads a profile in JSON as the OCI runtime specification has it in {@code linux.seccomp}, or as
   * Docker and Podman have their own: with {@code archMap} and rules that {@code includes} and
   * {@code excludes} restrict to architectures, capabilities and kernels. Calls that the guest's
   * kernel does not have need no rule, so names that it does not know are no error. Programs for
   * another architecture than the guest's, 32-bit ones included, are ended, whatever a profile
   * lists. A {@code minKernel} beyond 5.7 is refused, as the guest's kernel is not known here.
   *
   * @param json the object with {@code defaultAction}
   * @return a profile
   * @throws IllegalArgumentException if it is no such profile; what is not understood is named
   */
  static Seccomp parse(String json) {
    return SeccompJson.parse(json);
  }

  /**
   * Reads a profile from a file; see {@link #parse}.
   *
   * @param file JSON in UTF-8
   * @return a profile
   * @throws IOException if it cannot be read
   * @throws IllegalArgumentException if it is no profile
   */
  static Seccomp read(Path file) throws IOException {
    try {
      return parse(Files.readString(file));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(file + " is not a seccomp profile: " + e.getMessage(), e);
    }
  }

  /** The library's own profile. */
  record Standard() implements Seccomp {
    @Override
    public Optional<OciSeccomp> filter(Set<OciCapability> capabilities) {
      return Optional.of(StandardSeccomp.profile(capabilities));
    }
  }

  /** No filter. */
  record Unconfined() implements Seccomp {
    @Override
    public Optional<OciSeccomp> filter(Set<OciCapability> capabilities) {
      return Optional.empty();
    }
  }

  /**
   * A filter whose rules go by the capabilities of a container, as those of Docker and Podman do.
   *
   * @param profile the filter, without rules
   * @param entries its rules, in order
   */
  record ByCapability(OciSeccomp profile, List<Entry> entries) implements Seccomp {

    /** Copies the list. */
    public ByCapability {
      entries = List.copyOf(entries);
    }

    /**
     * A rule and for whom it is.
     *
     * @param rule the rule
     * @param needed it counts for containers with all of these
     * @param excluded it counts for containers with none of these
     */
    public record Entry(Rule rule, Set<OciCapability> needed, Set<OciCapability> excluded) {

      /** Copies the sets. */
      public Entry {
        needed = Set.copyOf(needed);
        excluded = Set.copyOf(excluded);
      }

      /**
       * Tells whether it counts for all.
       *
       * @return true when no capability decides
       */
      public boolean isUnconditional() {
        return needed.isEmpty() && excluded.isEmpty();
      }

      private boolean countsFor(Set<OciCapability> capabilities) {
        return capabilities.containsAll(needed) && Collections.disjoint(capabilities, excluded);
      }
    }

    @Override
    public Optional<OciSeccomp> filter(Set<OciCapability> capabilities) {
      return Optional.of(
          new OciSeccomp(
              profile.defaultAction(),
              profile.defaultErrno(),
              profile.architectures(),
              profile.flags(),
              entries.stream()
                  .filter(entry -> entry.countsFor(capabilities))
                  .map(Entry::rule)
                  .toList()));
    }
  }

  /**
   * A given filter.
   *
   * @param profile the filter
   */
  record Custom(OciSeccomp profile) implements Seccomp {
    @Override
    public Optional<OciSeccomp> filter(Set<OciCapability> capabilities) {
      return Optional.of(profile);
    }
  }
}
