package io.katajava.config;

/** The two runtimes of Kata, and with them the two spellings of its configuration. */
public enum Layout {
  /** The runtime in Go. */
  GO("go"),
  /** The runtime in Rust, runtime-rs. */
  RUNTIME_RS("rs");

  private final String label;

  Layout(String label) {
    this.label = label;
  }

  /**
   * Its short name.
   *
   * @return {@code go} or {@code rs}
   */
  public String label() {
    return label;
  }
}
