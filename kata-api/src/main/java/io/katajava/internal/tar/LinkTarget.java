package io.katajava.internal.tar;

import io.katajava.internal.tree.BytePath;

/** Where a symbolic link of a tree leads. */
final class LinkTarget {
  private LinkTarget() {}

  /**
   * Whether it may lead out of the tree: it is absolute, climbs above the tree's root, or climbs
   * after a name, which may be another link's.
   *
   * @param level how many directories there are between the root and the link
   */
  static boolean leadsOut(int level, BytePath target) {
    int left = level;
    boolean named = false;
    for (BytePath part : target.parts()) {
      boolean up = part.equals(BytePath.of(".."));
      if (up && (named || left == 0)) {
        return true;
      }
      left -= up ? 1 : 0;
      named |= !up;
    }
    return target.isAbsolute();
  }
}
