package io.katajava.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import org.junit.jupiter.api.Test;

class ExhaustedLimitTest {

  @Test
  void failure_ofTheJdk_tellsTheLimitAndHowItIsRaised() {
    assertThat(ExhaustedLimit.of(new FileSystemException("/x", null, "Too many open files")))
        .hasValueSatisfying(text -> assertThat(text).contains("ulimit -n", "files open at once"));
    assertThat(
            ExhaustedLimit.of(
                new IllegalStateException(
                    new IOException("Cannot run program \"x\": error=11, Resource busy"))))
        .hasValueSatisfying(text -> assertThat(text).contains("ulimit -u"));
    assertThat(ExhaustedLimit.of(new OutOfMemoryError("unable to create native thread")))
        .isPresent();
  }

  @Test
  void failure_thatQuotesSomebody_isNoneOfOurLimits() {
    assertThat(ExhaustedLimit.of(new Foreign("the guest said: Too many open files"))).isEmpty();
    assertThat(ExhaustedLimit.of(new UncheckedIOException(new IOException("Connection reset"))))
        .isEmpty();
  }

  @Test
  void failure_thatIsItsOwnCausesCause_ends() {
    IOException first = new IOException("a");
    IOException second = new IOException("b", first);
    first.initCause(second);
    assertThat(ExhaustedLimit.of(first)).isEmpty();
  }

  private static final class Foreign extends RuntimeException {
    private static final long serialVersionUID = 1;

    Foreign(String message) {
      super(message);
    }
  }
}
