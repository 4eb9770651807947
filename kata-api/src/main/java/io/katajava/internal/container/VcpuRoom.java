package io.katajava.internal.container;

import io.katajava.Container;
import io.katajava.ExecResult;
import io.katajava.ExecSpec;
import io.katajava.internal.template.StoredImage;
import java.io.IOException;
import java.util.Map;

/**
 * How many vCPUs a guest's kernel can ever have, which may be fewer than its machine has room for:
 * kernels from 6.12 on (seen with Debian 13's, on a machine under TCG) set nothing aside for
 * processors that are not there when they boot. A vCPU that is plugged into such a guest never
 * appears in it.
 */
public final class VcpuRoom {
  /** Processors the kernel has set memory aside for, a list such as {@code 0-3,8}. */
  private static final String POSSIBLE = "/sys/devices/system/cpu/possible";

  private static final String KEY = "possible-vcpus";
  private static final int UNKNOWN = Integer.MAX_VALUE;

  private VcpuRoom() {}

  /** Asks the guest; what it does not say limits nothing. */
  public static int of(Container container) {
    ExecResult read = container.exec(ExecSpec.command("cat", POSSIBLE).build());
    return read.exitCode() == 0 ? count(read.stdoutText().strip()) : UNKNOWN;
  }

  static int count(String list) {
    int count = 0;
    try {
      for (String range : list.split(",", -1)) {
        String[] ends = range.split("-", 2);
        int first = Integer.parseInt(ends[0].strip());
        int last = ends.length == 1 ? first : Integer.parseInt(ends[1].strip());
        count += Math.max(0, last - first + 1);
      }
    } catch (NumberFormatException e) {
      return UNKNOWN;
    }
    return count == 0 ? UNKNOWN : count;
  }

  /** The entry of a template's manifest. */
  public static void note(Map<String, String> values, int room) {
    if (room != UNKNOWN) {
      values.put(KEY, String.valueOf(room));
    }
  }

  /** What a template's guest has room for. */
  public static int of(StoredImage template) {
    try {
      return template.manifest().value(KEY).isPresent()
          ? (int) template.manifest().number(KEY)
          : UNKNOWN;
    } catch (IOException e) {
      return UNKNOWN;
    }
  }
}
