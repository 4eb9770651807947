package io.katajava.testing;

import org.slf4j.helpers.BasicMDCAdapter;
import org.slf4j.simple.SimpleServiceProvider;
import org.slf4j.spi.MDCAdapter;

/** The simple logger with a diagnostic context that is kept, as real loggers have it. */
public final class LogsWithContext extends SimpleServiceProvider {
  private final MDCAdapter context = new BasicMDCAdapter();

  @Override
  public MDCAdapter getMDCAdapter() {
    return context;
  }
}
