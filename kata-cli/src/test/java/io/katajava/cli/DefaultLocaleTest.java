package io.katajava.cli;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.text.DecimalFormat;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rule about the default locale finds what it is to find, and lets the rest be. */
class DefaultLocaleTest {
  /** Each does it in another way. */
  @SuppressWarnings("StringCaseLocaleUsage")
  static final class Formats {
    static String format(int number) {
      return String.format("%d", number);
    }
  }

  @SuppressWarnings("StringCaseLocaleUsage")
  static final class Formatted {
    static String format(int number) {
      return "%d".formatted(number);
    }
  }

  @SuppressWarnings("StringCaseLocaleUsage")
  static final class Lowers {
    static String lower(String text) {
      return text.toLowerCase();
    }
  }

  static final class Prints {
    static void print(int number) {
      System.out.printf("%d", number);
    }
  }

  static final class Decimals {
    static String format(int number) {
      return new DecimalFormat("0").format(number);
    }
  }

  static final class Fine {
    static String format(int number) {
      return String.format(Locale.ROOT, "%d", number).toLowerCase(Locale.ROOT);
    }
  }

  @ParameterizedTest
  @ValueSource(
      classes = {Formats.class, Formatted.class, Lowers.class, Prints.class, Decimals.class})
  void rule_classThatFormatsByTheDefaultLocale_isFound(Class<?> wrong) {
    assertThatThrownBy(
            () ->
                ArchitectureTest.NOTHING_IS_FORMATTED_BY_THE_DEFAULT_LOCALE.check(
                    new ClassFileImporter().importClasses(wrong)))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(wrong.getSimpleName());
  }

  @Test
  void rule_classThatNamesItsLocale_isFine() {
    ArchitectureTest.NOTHING_IS_FORMATTED_BY_THE_DEFAULT_LOCALE.check(
        new ClassFileImporter().importClasses(Fine.class));
  }
}
