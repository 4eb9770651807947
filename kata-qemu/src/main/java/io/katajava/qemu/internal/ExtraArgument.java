package io.katajava.qemu.internal;

import io.katajava.Choice;
import java.util.Set;

/**
 * One of QEMU's options that nobody of ours wrote, with its value.
 *
 * @param what what it is called in a description: {@code extra argument} or {@code machine option}
 * @param text option and value for people; the value of a secret is left out
 * @param effect how far it reaches
 * @param why what it does, a clause that begins with "it"
 */
public record ExtraArgument(String what, String text, Effect effect, String why) {
  /** How {@link #what} calls arguments. */
  public static final String ARGUMENT = "extra argument";

  /** How {@link #what} calls members of {@code -machine}. */
  public static final String MACHINE_OPTION = "machine option";

  /** How far an option reaches. */
  public enum Effect {
    /** Nothing beyond the machine and plain files that it names. */
    INSIDE,
    /**
     * It opens QEMU or the host to others, or nobody knows what it does: only with debug, and then
     * the machine is untrusted.
     */
    OPENS,
    /** It takes QEMU out of the driver's hands; never. */
    ESCAPES
  }

  private static final Set<String> SECRETS =
      Set.of("data", "password", "key", "secret", "string", "token", "value");

  static ExtraArgument of(String text, Effect effect, String why) {
    return new ExtraArgument(ARGUMENT, text, effect, why);
  }

  /** Option and value without what may be a secret. */
  static String text(String option, OptionMembers members) {
    StringBuilder text = new StringBuilder(option);
    char separator = ' ';
    for (OptionMembers.Member member : members.all()) {
      text.append(separator);
      separator = ',';
      if (!member.name().isEmpty()) {
        text.append(member.name()).append('=');
      }
      text.append(SECRETS.contains(member.name()) ? "…" : member.value());
    }
    return text.toString();
  }

  /** Whether the machine is untrusted with it. */
  public boolean opens() {
    return effect == Effect.OPENS;
  }

  /** How a machine that was started with it describes it. */
  Choice describe() {
    return new Choice(
        what,
        text,
        opens()
            ? why + ", which the debug section allows: this machine is untrusted"
            : "it was asked for; " + why);
  }
}
