package io.katajava.bench;

import java.io.IOException;

/** The ways to be born, by the names they have on the command line. */
enum BirthKind {
  /** Booted. */
  cold {
    @Override
    StartBench.Way open(Subject subject, int parallel) throws IOException {
      return new BootedWay(subject);
    }
  },
  /** A clone of a template. */
  template {
    @Override
    StartBench.Way open(Subject subject, int parallel) throws IOException {
      return new ClonedWay(subject);
    }
  },
  /** Borrowed from a pool. */
  pool {
    @Override
    StartBench.Way open(Subject subject, int parallel) throws IOException {
      return new PooledWay(subject, parallel);
    }
  },
  /** A copy of a running sandbox. */
  fork {
    @Override
    StartBench.Way open(Subject subject, int parallel) throws IOException {
      return new ForkedWay(subject);
    }
  },
  /** Restored from a snapshot. */
  snapshot {
    @Override
    StartBench.Way open(Subject subject, int parallel) throws IOException {
      return new SnapshottedWay(subject);
    }
  };

  abstract StartBench.Way open(Subject subject, int parallel) throws IOException;
}
