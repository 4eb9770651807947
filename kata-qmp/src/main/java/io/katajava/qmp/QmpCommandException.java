package io.katajava.qmp;

import io.katajava.json.JsonObject;
import org.jspecify.annotations.Nullable;

/** Thrown when QEMU refused a command. */
public final class QmpCommandException extends QmpException {
  private final String command;
  private final JsonObject arguments;
  private final String errorClass;
  private final String description;
  private final @Nullable QmpVersion version;

  QmpCommandException(
      String command,
      JsonObject arguments,
      String errorClass,
      String description,
      @Nullable QmpVersion version) {
    super(message(command, arguments, errorClass, description, version), null);
    this.command = command;
    this.arguments = (JsonObject) arguments.redacted();
    this.errorClass = errorClass;
    this.description = description;
    this.version = version;
  }

  private static String message(
      String command,
      JsonObject arguments,
      String errorClass,
      String description,
      @Nullable QmpVersion version) {
    return command
        + (arguments.isEmpty() ? "" : " " + arguments)
        + " refused by "
        + (version == null ? "the guest agent" : "QEMU " + version)
        + " ("
        + errorClass
        + "): "
        + description;
  }

  /**
   * Returns what was refused.
   *
   * @return the name of the command in QMP
   */
  public String command() {
    return command;
  }

  /**
   * Returns the arguments of the command.
   *
   * @return the arguments, secrets redacted
   */
  public JsonObject arguments() {
    return arguments;
  }

  /**
   * Returns the kind of error, {@code QapiErrorClass} in QMP.
   *
   * @return such as {@code GenericError}, {@code CommandNotFound}, {@code DeviceNotFound}
   */
  public String errorClass() {
    return errorClass;
  }

  /**
   * Returns what QEMU says about it.
   *
   * @return text for people
   */
  public String description() {
    return description;
  }

  /**
   * Returns which QEMU refused.
   *
   * @return its version, or null if it was the guest agent
   */
  public @Nullable QmpVersion version() {
    return version;
  }
}
