package io.katajava.cli;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.katajava.internal.host.NativeText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Sees to it that this JVM has a locale with all characters: under {@code LANG=C}, as cron, systemd
 * and small images have it, it can open no file and start no program whose name is not ASCII. The
 * launcher sets the locale; a JVM that was started otherwise begins again, in its own place.
 */
final class Utf8Locale {
  private static final String VARIABLE = "LC_ALL=C.UTF-8";

  private Utf8Locale() {}

  /** Does not return if this JVM begins again. */
  static void require() {
    if (NativeText.charset().equals(StandardCharsets.UTF_8)) {
      return;
    }
    try {
      byte[] arguments = Files.readAllBytes(Path.of("/proc/self/cmdline"));
      List<byte[]> variables =
          new ArrayList<>(CommandText.split(Files.readAllBytes(Path.of("/proc/self/environ"))));
      byte[] wanted = VARIABLE.getBytes(StandardCharsets.US_ASCII);
      if (variables.stream().anyMatch(variable -> Arrays.equals(variable, wanted))) {
        // This system has no such locale: text goes as far as it goes.
        return;
      }
      variables.removeIf(variable -> startsWith(variable, "LC_ALL="));
      variables.add(wanted);
      Execution.again(CommandText.split(arguments), variables);
    } catch (IOException | LinkageError e) {
      // What cannot be told to the kernel or a program is refused where it comes up.
      return;
    }
  }

  private static boolean startsWith(byte[] text, String prefix) {
    byte[] begin = prefix.getBytes(StandardCharsets.US_ASCII);
    return text.length >= begin.length
        && Arrays.equals(text, 0, begin.length, begin, 0, begin.length);
  }

  /** Of its own, so that only a JVM that needs it loads the native part. */
  private static final class Execution {
    static {
      Native.register(Execution.class, "c");
    }

    private Execution() {}

    /** execve(2): the same process, which has what it inherited and nothing that it opened. */
    static native int execve(byte[] path, Pointer arguments, Pointer variables);

    static void again(List<byte[]> arguments, List<byte[]> variables) {
      byte[] path = "/proc/self/exe\0".getBytes(StandardCharsets.US_ASCII);
      List<Memory> kept = new ArrayList<>();
      execve(path, pointers(arguments, kept), pointers(variables, kept));
      kept.forEach(Memory::close);
    }

    private static Pointer pointers(List<byte[]> texts, List<Memory> kept) {
      Memory array = new Memory((texts.size() + 1L) * Native.POINTER_SIZE);
      kept.add(array);
      long at = 0;
      for (byte[] text : texts) {
        Memory one = new Memory(text.length + 1L);
        one.write(0, text, 0, text.length);
        one.setByte(text.length, (byte) 0);
        kept.add(one);
        array.setPointer(at, one);
        at += Native.POINTER_SIZE;
      }
      array.setPointer(at, null);
      return array;
    }
  }
}
