package io.katajava.bench;

import io.katajava.MemorySize;
import java.io.IOException;

/** The ways to be born, by the names they have on the command line. */
enum Ways {
  /** Booted. */
  cold {
    @Override
    StartBench.Way open(MemorySize memory, int parallel) throws IOException {
      return new BootedWay(memory);
    }
  },
  /** A clone of a template. */
  template {
    @Override
    StartBench.Way open(MemorySize memory, int parallel) {
      return new ClonedWay(memory);
    }
  },
  /** Borrowed from a pool. */
  pool {
    @Override
    StartBench.Way open(MemorySize memory, int parallel) {
      return new PooledWay(memory, parallel);
    }
  },
  /** A copy of a running sandbox. */
  fork {
    @Override
    StartBench.Way open(MemorySize memory, int parallel) {
      return new ForkedWay(memory);
    }
  };

  abstract StartBench.Way open(MemorySize memory, int parallel) throws IOException;
}
