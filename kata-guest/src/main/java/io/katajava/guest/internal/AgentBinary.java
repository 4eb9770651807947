package io.katajava.guest.internal;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** The guest agent: a given file, or the one this module's jar brings for the architecture. */
final class AgentBinary {
  private static final String RESOURCES = "/io/katajava/guest/agent/";

  private final Optional<Path> given;
  private final String architecture;

  AgentBinary(Optional<Path> given, String architecture) {
    this.given = given;
    this.architecture = architecture;
  }

  /** Changes when the binary does; cheap to get. */
  String identity() throws Unusable, IOException {
    if (given.isPresent()) {
      StaticBinary.require(given.get(), architecture);
      return given.get() + " " + Digests.stamp(given.get());
    }
    // Written by the build beside the binary, so that no start has to hash megabytes.
    return new String(resource("kata-agent.sha256"), StandardCharsets.US_ASCII).strip();
  }

  byte[] read() throws Unusable, IOException {
    byte[] bytes = given.isPresent() ? Files.readAllBytes(given.get()) : resource("kata-agent");
    StaticBinary.require(bytes, describe(), architecture);
    return bytes;
  }

  String describe() {
    return given.map(Path::toString).orElse("the jar's agent for " + architecture);
  }

  private byte[] resource(String file) throws Unusable, IOException {
    String path = RESOURCES + architecture + "/" + file;
    try (InputStream in = AgentBinary.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new Unusable(
            "this build of kata-guest has no agent for "
                + architecture
                + " (no resource "
                + path
                + ")",
            "Build kata-guest on that architecture, or name a binary with GuestBuilder.agent");
      }
      return in.readAllBytes();
    }
  }
}
