package io.katajava.config;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The origin of a value.
 *
 * @param kind the kind of place
 * @param place the file, the annotation's name, or a word for people
 * @param line the line in the file from 1; 0 when it is no file or the whole file is meant
 * @param column the column in the line from 1; 0 likewise
 */
public record Origin(Kind kind, String place, int line, int column) {

  /** Kinds of places. */
  public enum Kind {
    /** A configuration file or drop-in. */
    FILE,
    /** A sandbox's annotation. */
    ANNOTATION,
    /** Nothing was said: the default counts. */
    DEFAULT,
    /** A program set it. */
    PROGRAM
  }

  /**
   * A place in a file.
   *
   * @param file the file
   * @param line from 1
   * @param column from 1
   * @return the place
   */
  public static Origin file(Path file, int line, int column) {
    return new Origin(Kind.FILE, file.toString(), line, column);
  }

  /**
   * A file as a whole.
   *
   * @param file the file
   * @return the place
   */
  public static Origin file(Path file) {
    return file(file, 0, 0);
  }

  /**
   * An annotation.
   *
   * @param name its whole name
   * @return the place
   */
  public static Origin annotation(String name) {
    return new Origin(Kind.ANNOTATION, name, 0, 0);
  }

  /**
   * The default.
   *
   * @return the place
   */
  public static Origin byDefault() {
    return new Origin(Kind.DEFAULT, "default", 0, 0);
  }

  /**
   * A program.
   *
   * @return the place
   */
  public static Origin program() {
    return new Origin(Kind.PROGRAM, "program", 0, 0);
  }

  /**
   * The file.
   *
   * @return empty when it is none
   */
  public Optional<Path> path() {
    return kind == Kind.FILE ? Optional.of(Path.of(place)) : Optional.empty();
  }

  /** For example {@code /etc/kata-containers/configuration.toml:12:1}. */
  @Override
  public String toString() {
    return line == 0 ? place : place + ":" + line + ":" + column;
  }
}
