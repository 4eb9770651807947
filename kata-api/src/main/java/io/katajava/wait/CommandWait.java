package io.katajava.wait;

import java.util.List;

/** Waits until a command succeeds. */
record CommandWait(List<String> command) implements WaitStrategy {
  CommandWait {
    if (command.isEmpty()) {
      throw new IllegalArgumentException("a wait for a command needs the command");
    }
  }

  @Override
  public void waitUntilReady(Waiting waiting) {
    waiting.poll(() -> CommandProbe.succeeds(waiting, command, waiting.remaining()));
  }

  @Override
  public String describe() {
    return "success of " + String.join(" ", command);
  }
}
