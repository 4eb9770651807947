package io.katajava.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.katajava.ErrorCode;
import io.katajava.KataException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Each broken configuration gives its one message, whatever is wrong with it. */
class BrokenFilesTest {
  @TempDir Path directory;

  static List<BrokenFile> all() throws IOException {
    return BrokenFile.all();
  }

  @Test
  void brokenFiles_areMany() throws IOException {
    assertThat(all()).hasSizeGreaterThanOrEqualTo(40).doesNotHaveDuplicates();
  }

  @ParameterizedTest
  @MethodSource("all")
  void brokenFile_read_givesItsOneMessage(BrokenFile broken) throws IOException {
    Path file = broken.putInto(directory);
    ConfigurationReader reader = KataConfiguration.reader().file(file);
    broken.annotations().forEach(reader::annotation);

    // Generous: what it guards against would take hours or the whole stack.
    KataException failure =
        Assertions.assertTimeout(
            Duration.ofSeconds(60),
            () -> catchThrowableOfType(ConfigurationException.class, reader::read));

    assertThat(failure).isInstanceOf(ConfigurationException.class);
    assertThat(failure.code()).isEqualTo(ErrorCode.INVALID_CONFIGURATION);
    assertThat(failure).hasMessage(broken.messageIn(directory));
    assertThat(((ConfigurationException) failure).errors()).hasSize(1);
  }
}
