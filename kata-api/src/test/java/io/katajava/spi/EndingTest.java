package io.katajava.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EndingTest {
  private final List<String> taken = new ArrayList<>();
  private final Ending end = new Ending("sandbox abc");

  private void fail(String attempt, Throwable reason) {
    end.step(
        attempt,
        () -> {
          taken.add(attempt);
          if (reason instanceof Error error) {
            throw error;
          }
          throw (Exception) reason;
        });
  }

  @Test
  void steps_areTakenWhateverFailed_andAllFailuresAreNamed() {
    OutOfMemoryError memory = new OutOfMemoryError("of the test");
    IOException disk = new IOException("the disk is gone");
    KataException copy = new KataException(ErrorCode.COPY_FAILED, "it was not copied");
    fail("copying back", copy);
    fail("closing the agent", memory);
    end.step("stopping", () -> taken.add("stopping"));
    fail("removing its state", disk);

    assertThat(taken)
        .containsExactly("copying back", "closing the agent", "stopping", "removing its state");
    assertThat(end.isWhole()).isFalse();
    assertThatThrownBy(end::orThrow)
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.COPY_FAILED))
        .hasCause(copy)
        .hasSuppressedException(memory)
        .hasSuppressedException(disk)
        .hasMessageContaining("sandbox abc ended, but some steps failed: copying back failed: it")
        .hasMessageContaining("closing the agent failed: java.lang.OutOfMemoryError")
        .hasMessageContaining("removing its state failed: java.io.IOException: the disk is gone");
  }

  @Test
  void oneFailure_isThrownAsItIs() {
    LinkageError linkage = new LinkageError("of the test");
    fail("closing", linkage);

    assertThatThrownBy(end::orThrow).isSameAs(linkage);
  }

  @Test
  void oneCheckedFailure_getsACode() {
    fail("closing", new IOException("the disk is gone"));

    assertThatThrownBy(end::orThrow)
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.HOST_UNSUITABLE));
  }

  @Test
  void noFailure_throwsNothing() {
    end.step("closing", () -> taken.add("closing"));

    assertThat(end.isWhole()).isTrue();
    assertThatCode(end::orThrow).doesNotThrowAnyException();
  }

  @Test
  void interruption_isKeptAndTold() {
    fail("waiting", new InterruptedException());

    assertThat(Thread.interrupted()).isTrue();
    assertThatThrownBy(end::orThrow)
        .isInstanceOfSatisfying(
            KataException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INTERRUPTED));
  }

  @Test
  void addTo_theReasonItself_isNotSuppressedInItself() {
    IllegalStateException reason = new IllegalStateException("first");
    fail("closing", reason);
    fail("removing", new IOException("second"));

    end.addTo(reason);

    assertThat(reason.getSuppressed()).singleElement().isInstanceOf(IOException.class);
  }
}
